#include "media_clock.h"

#include <string.h>

/* By the wall alone: what is later than this was a pause, and no jitter. */
#define PAUSE_US 120000
/* So much jitter may hide a pause that RTP tells of. */
#define JITTER_US 60000
/* RTP times that deny a pause as long as this are not those of a sender that counts. */
#define STALL_US 1000000

static uint64_t us_of(uint64_t samples, uint32_t rate_hz) {
  return samples * 1000000 / rate_hz;
}

static uint64_t samples_of(uint64_t us, uint32_t rate_hz) {
  return us * rate_hz / 1000000;
}

void media_clock_begin(struct media_clock *clock, uint64_t origin_us) {
  memset(clock, 0, sizeof *clock);
  clock->origin_us = origin_us;
}

/* The time of the wall at the packet's first sample, since the tap began. */
static uint64_t start_of(const struct media_clock *clock, const struct heard *packet) {
  const uint64_t lasts_us = us_of(packet->samples, packet->rate_hz);
  const uint64_t end_us = packet->at_us > clock->origin_us ? packet->at_us - clock->origin_us : 0;
  return end_us > lasts_us ? end_us - lasts_us : 0;
}

/* The time before the packet that RTP says the sender was silent for; -1 where it does not say. */
static int64_t rtp_pause_us(const struct media_clock *clock, const struct heard *packet) {
  if (!clock->has_rtp || !packet->has_rtp || packet->rtp_source != clock->rtp_source) return -1;
  if (packet->rate_hz != clock->rate_hz || packet->rtp_rate_hz == 0) return -1;
  const int32_t passed = (int32_t)(packet->rtp_time - clock->rtp_time);
  if (passed <= 0) return -1;
  const int64_t passed_us = (int64_t)us_of((uint64_t)passed, packet->rtp_rate_hz);
  const int64_t pause_us = passed_us - (int64_t)us_of(clock->samples, clock->rate_hz);
  /* Times may be rounded by half a millisecond. */
  return pause_us > 500 ? pause_us : 0;
}

static uint64_t pause_before(const struct media_clock *clock, const struct heard *packet) {
  const int64_t media_us =
      (int64_t)(clock->base_us + us_of(clock->next_ts - clock->base_ts, clock->rate_hz));
  const int64_t late_us = (int64_t)start_of(clock, packet) - media_us;
  const int64_t rtp_us = rtp_pause_us(clock, packet);
  if (rtp_us < 0) return late_us > PAUSE_US ? (uint64_t)late_us : 0;
  if (rtp_us > 0) {
    const int64_t most_us = late_us + JITTER_US;
    if (most_us <= 0) return 0;
    return (uint64_t)(rtp_us < most_us ? rtp_us : most_us);
  }
  return late_us > (packet->rtp_rules ? STALL_US : PAUSE_US) ? (uint64_t)late_us : 0;
}

uint32_t media_clock_place(struct media_clock *clock, const struct heard *packet) {
  if (!clock->has_begun) {
    clock->has_begun = true;
    clock->rate_hz = packet->rate_hz;
    clock->next_ts = samples_of(start_of(clock, packet), packet->rate_hz);
    clock->base_ts = clock->next_ts;
    clock->base_us = us_of(clock->next_ts, packet->rate_hz);
  } else {
    /* Also where the rate changes: what was before the change counts at the old one. */
    clock->next_ts += samples_of(pause_before(clock, packet), clock->rate_hz);
    if (packet->rate_hz != clock->rate_hz) {
      clock->base_us += us_of(clock->next_ts - clock->base_ts, clock->rate_hz);
      clock->base_ts = clock->next_ts;
      clock->rate_hz = packet->rate_hz;
    }
  }
  const uint32_t ts = (uint32_t)clock->next_ts;
  clock->next_ts += packet->samples;
  clock->samples = packet->samples;
  clock->has_rtp = packet->has_rtp;
  clock->rtp_time = packet->rtp_time;
  clock->rtp_source = packet->rtp_source;
  return ts;
}
