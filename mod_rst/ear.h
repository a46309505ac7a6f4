/*
 * One leg as the call's media thread hears it: takes the frames that FreeSWITCH reads or writes, decodes
 * what has to be decoded, and leaves them for the sender. Nothing here waits.
 */
#ifndef RST_EAR_H
#define RST_EAR_H

#include <switch.h>

#include "frame_ring.h"
#include "settings.h"

#define EAR_CODEC_MAX 32

struct ear {
  struct frame_ring ring;
  enum tap_mode mode;
  /* Of decoded audio. */
  uint32_t rate_hz;

  /* Media thread only. */
  switch_codec_t decoder;
  bool has_decoder;
  const switch_codec_implementation_t *decodes;
  /* The one that can't be decoded. */
  const switch_codec_implementation_t *gave_up;
  switch_audio_resampler_t *resampler;
  /* A frame had the times of RTP. */
  bool has_seen_rtp;

  /* Frames that found the ring full. */
  _Atomic uint64_t overflows;
  /* 1: `trouble` names a codec that can't be sent. The sender sets it back. */
  atomic_int has_trouble;
  char trouble[EAR_CODEC_MAX];
};

/* False where there is no memory. */
bool ear_open(struct ear *ear, enum tap_mode mode, uint32_t rate_hz, uint32_t buffer_ms);

/*
 * Media thread. `rtp_rules`: the frame's time is that of its RTP packet. What is written may have that of the
 * other end of a bridge, or one that somebody has counted up while he was late.
 */
void ear_hear(struct ear *ear, const switch_frame_t *frame, bool rtp_rules, uint64_t at_us);

/* Media thread, at the last: gives back what FreeSWITCH has lent. The ring stays. */
void ear_detach(struct ear *ear);

void ear_close(struct ear *ear);

#endif
