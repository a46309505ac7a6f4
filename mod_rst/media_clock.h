/*
 * TS of the packets of one leg: the media time of a packet's first sample, in samples since the tap began.
 * Pure: times come in.
 *
 * Packets that follow each other differ by the samples of the first, whenever the thread that heard them
 * was allowed to run. A pause is told by the RTP times where there are any, else by the clock on the wall.
 */
#ifndef RST_MEDIA_CLOCK_H
#define RST_MEDIA_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct media_clock {
  /* Monotonic microseconds at TS 0. */
  uint64_t origin_us;
  bool has_begun;
  uint32_t rate_hz;
  /* TS of the next packet if it follows without a pause. */
  uint64_t next_ts;
  /* Where the present rate began. */
  uint64_t base_ts;
  uint64_t base_us;
  /* Of the last packet. */
  bool has_rtp;
  uint32_t rtp_time;
  uint32_t rtp_source;
  uint32_t samples;
};

/* A packet as the media thread heard it. */
struct heard {
  /* Monotonic microseconds at which it was heard, which is its end. */
  uint64_t at_us;
  uint32_t samples;
  uint32_t rate_hz;
  bool has_rtp;
  /* The RTP times are those of whoever speaks: where they go on without a gap there was none. */
  bool rtp_rules;
  uint32_t rtp_time;
  uint32_t rtp_rate_hz;
  uint32_t rtp_source;
};

void media_clock_begin(struct media_clock *clock, uint64_t origin_us);

/* The packet's TS. Packets have to come in their order. */
uint32_t media_clock_place(struct media_clock *clock, const struct heard *packet);

#endif
