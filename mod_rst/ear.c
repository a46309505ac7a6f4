#include "ear.h"

#include <string.h>

#include "native_codec.h"

/* With its head a packet of audio is no longer than an Ethernet frame carries. */
#define CHUNK_SAMPLES 640
/* Head and record of a packet of 10 ms, in the ring. */
#define PACKET_OVERHEAD_BYTES 128

bool ear_open(struct ear *ear, enum tap_mode mode, uint32_t rate_hz, uint32_t buffer_ms) {
  memset(ear, 0, sizeof *ear);
  ear->mode = mode;
  ear->rate_hz = rate_hz;
  const uint64_t bytes_per_s = (uint64_t)rate_hz * 2 + 100 * PACKET_OVERHEAD_BYTES;
  return frame_ring_open(&ear->ring, (size_t)(bytes_per_s * buffer_ms / 1000));
}

static void push(struct ear *ear, const struct frame *frame) {
  if (!frame_ring_push(&ear->ring, frame)) atomic_fetch_add(&ear->overflows, 1);
}

/* Samples in parts of one length, each with the time at which it ended. */
static void push_samples(struct ear *ear, const int16_t *samples, uint32_t count, const struct heard *heard) {
  const uint32_t parts = (count + CHUNK_SAMPLES - 1) / CHUNK_SAMPLES;
  uint32_t at = 0;
  for (uint32_t part = 0; part < parts; part++) {
    const uint32_t end = (uint32_t)((uint64_t)count * (part + 1) / parts);
    struct frame frame = {.heard = *heard, .payload_type = PAYLOAD_L16};
    const uint64_t behind_us = (uint64_t)(count - end) * 1000000 / heard->rate_hz;
    frame.heard.at_us = heard->at_us > behind_us ? heard->at_us - behind_us : 0;
    frame.heard.samples = end - at;
    if (heard->has_rtp)
      frame.heard.rtp_time = heard->rtp_time + (uint32_t)((uint64_t)at * heard->rtp_rate_hz / heard->rate_hz);
    frame.size = (uint16_t)((end - at) * 2);
    frame.bytes = (const uint8_t *)(samples + at);
    push(ear, &frame);
    at = end;
  }
}

/*
 * FreeSWITCH shows a tap silence whenever no packet has come in time. If it comes late it is heard then, and
 * if it never does the RTP times of the next one tell: either way the silence is nothing that was said.
 */
static bool is_made_up(struct ear *ear, const switch_frame_t *frame) {
  const bool has_rtp = frame->timestamp != 0 || frame->ssrc != 0;
  if (has_rtp) ear->has_seen_rtp = true;
  return !has_rtp && ear->has_seen_rtp;
}

/* The same where there is no RTP. Of G.723.1 it would be 24 frames of one byte each, which is 720 ms. */
static bool is_filler(const switch_frame_t *frame) {
  const uint8_t *bytes = frame->data;
  for (uint32_t i = 0; i < frame->datalen; i++)
    if (bytes[i] != 0xff) return false;
  return true;
}

static void push_native(struct ear *ear, const switch_frame_t *frame, uint8_t payload_type,
                        struct heard *heard) {
  if (frame->datalen > SWITCH_RECOMMENDED_BUFFER_SIZE) return;
  if (payload_type == PAYLOAD_G723 && is_filler(frame)) return;
  heard->samples = native_samples(payload_type, frame->data, frame->datalen);
  if (payload_type == PAYLOAD_L16) {
    int16_t samples[SWITCH_RECOMMENDED_BUFFER_SIZE / 2];
    memcpy(samples, frame->data, heard->samples * 2);
    heard->rate_hz = frame->codec->implementation->actual_samples_per_second;
    push_samples(ear, samples, heard->samples, heard);
    return;
  }
  heard->rate_hz = 8000;
  const struct frame native = {
      .heard = *heard,
      .payload_type = payload_type,
      .size = (uint16_t)frame->datalen,
      .bytes = frame->data,
  };
  push(ear, &native);
}

static void forget_decoder(struct ear *ear) {
  if (ear->has_decoder) switch_core_codec_destroy(&ear->decoder);
  ear->has_decoder = false;
  ear->decodes = NULL;
}

static void give_up(struct ear *ear, const switch_codec_implementation_t *codec) {
  ear->gave_up = codec;
  if (atomic_load(&ear->has_trouble)) return;
  snprintf(ear->trouble, sizeof ear->trouble, "%s", codec->iananame);
  atomic_store(&ear->has_trouble, 1);
}

/* A decoder of our own, which is told of every frame; that of the channel has a state too. */
static bool prepare_decoder(struct ear *ear, const switch_codec_t *codec) {
  const switch_codec_implementation_t *wanted = codec->implementation;
  if (ear->decodes == wanted) return true;
  if (ear->gave_up == wanted) return false;
  forget_decoder(ear);
  /* FreeSWITCH finds G.722 by the rate that RTP wrongly gives it. */
  const bool is_g722 = !strcasecmp(wanted->iananame, "G722");
  const uint32_t rate_hz = is_g722 ? wanted->samples_per_second : wanted->actual_samples_per_second;
  if ((codec->flags & SWITCH_CODEC_FLAG_PASSTHROUGH) ||
      switch_core_codec_init(&ear->decoder, wanted->iananame, wanted->modname, codec->fmtp_in, rate_hz,
                             wanted->microseconds_per_packet / 1000, wanted->number_of_channels,
                             SWITCH_CODEC_FLAG_DECODE, NULL, NULL) != SWITCH_STATUS_SUCCESS) {
    give_up(ear, wanted);
    return false;
  }
  ear->has_decoder = true;
  if (ear->decoder.flags & SWITCH_CODEC_FLAG_PASSTHROUGH) {
    forget_decoder(ear);
    give_up(ear, wanted);
    return false;
  }
  ear->decodes = wanted;
  ear->gave_up = NULL;
  return true;
}

/* The mean of all channels, in place; the samples of one channel that are left. */
static uint32_t mix_down(int16_t *samples, uint32_t count, uint32_t channels) {
  if (channels < 2) return count;
  const uint32_t left = count / channels;
  for (uint32_t i = 0; i < left; i++) {
    int32_t sum = 0;
    for (uint32_t channel = 0; channel < channels; channel++) sum += samples[i * channels + channel];
    samples[i] = (int16_t)(sum / (int32_t)channels);
  }
  return left;
}

static void push_at_rate(struct ear *ear, int16_t *samples, uint32_t count, uint32_t rate_hz,
                         struct heard *heard) {
  heard->rate_hz = ear->rate_hz;
  if (rate_hz == ear->rate_hz) {
    push_samples(ear, samples, count, heard);
    return;
  }
  if (ear->resampler && (uint32_t)ear->resampler->from_rate != rate_hz) switch_resample_destroy(&ear->resampler);
  if (!ear->resampler &&
      switch_resample_create(&ear->resampler, rate_hz, ear->rate_hz, SWITCH_RECOMMENDED_BUFFER_SIZE,
                             SWITCH_RESAMPLE_QUALITY, 1) != SWITCH_STATUS_SUCCESS) {
    atomic_fetch_add(&ear->overflows, 1);
    return;
  }
  switch_resample_process(ear->resampler, samples, count);
  push_samples(ear, ear->resampler->to, ear->resampler->to_len, heard);
}

static void push_decoded(struct ear *ear, const switch_frame_t *frame, struct heard *heard) {
  int16_t samples[SWITCH_RECOMMENDED_BUFFER_SIZE / 2];
  uint32_t size = sizeof samples;
  const switch_codec_implementation_t *codec = frame->codec->implementation;
  uint32_t rate_hz = codec->actual_samples_per_second;
  unsigned int flags = frame->flags;
  if (!prepare_decoder(ear, frame->codec)) return;
  switch_frame_t current = *frame;
  ear->decoder.cur_frame = &current;
  const switch_status_t status = switch_core_codec_decode(&ear->decoder, NULL, frame->data, frame->datalen, rate_hz,
                                                          samples, &size, &rate_hz, &flags);
  ear->decoder.cur_frame = NULL;
  if (status == SWITCH_STATUS_NOOP) {
    /* It was linear already. */
    size = frame->datalen < sizeof samples ? frame->datalen : sizeof samples;
    memcpy(samples, frame->data, size);
  } else if (status != SWITCH_STATUS_SUCCESS && status != SWITCH_STATUS_RESAMPLE) {
    return;
  }
  const uint32_t count = mix_down(samples, size / 2, codec->number_of_channels);
  push_at_rate(ear, samples, count, codec->actual_samples_per_second, heard);
}

/* True where the frame itself is sent. */
static bool is_native(const struct ear *ear, const switch_codec_t *codec, uint8_t payload_type) {
  if (payload_type == PAYLOAD_NONE) return false;
  if (payload_type == PAYLOAD_L16)
    return codec->implementation->number_of_channels == 1 &&
           codec->implementation->actual_samples_per_second == ear->rate_hz;
  if (ear->mode == MODE_NATIVE) return true;
  /* Better as it is than not at all. */
  return (codec->flags & SWITCH_CODEC_FLAG_PASSTHROUGH) || ear->gave_up == codec->implementation;
}

void ear_hear(struct ear *ear, const switch_frame_t *frame, bool rtp_rules, uint64_t at_us) {
  const uint32_t not_audio = SFF_CNG | SFF_PROXY_PACKET | SFF_UDPTL_PACKET | SFF_NOT_AUDIO | SFF_RTCP;
  if (!frame || !frame->data || frame->datalen == 0 || (frame->flags & not_audio)) return;
  if (!frame->codec || !frame->codec->implementation) return;
  if (rtp_rules && is_made_up(ear, frame)) return;
  const switch_codec_implementation_t *codec = frame->codec->implementation;
  struct heard heard = {
      .at_us = at_us,
      .has_rtp = frame->timestamp != 0 || frame->ssrc != 0,
      .rtp_rules = rtp_rules,
      .rtp_time = frame->timestamp,
      .rtp_rate_hz = codec->samples_per_second,
      .rtp_source = frame->ssrc,
  };
  const uint8_t payload_type = native_payload_type(codec->iananame);
  if (is_native(ear, frame->codec, payload_type)) push_native(ear, frame, payload_type, &heard);
  else push_decoded(ear, frame, &heard);
}

void ear_detach(struct ear *ear) {
  forget_decoder(ear);
  if (ear->resampler) switch_resample_destroy(&ear->resampler);
}

void ear_close(struct ear *ear) {
  frame_ring_close(&ear->ring);
}
