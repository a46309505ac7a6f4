/*
 * Which frames go as FreeSWITCH has them, and how long they are. Pure.
 */
#ifndef RST_NATIVE_CODEC_H
#define RST_NATIVE_CODEC_H

#include <stdint.h>

enum {
  PAYLOAD_PCMU = 0,
  PAYLOAD_G723 = 4,
  PAYLOAD_PCMA = 8,
  PAYLOAD_L16 = 10,
  PAYLOAD_G729 = 18,
  /* Has to be decoded. */
  PAYLOAD_NONE = 255,
};

/* The payload type of the protocol for a codec, by its name in SDP, case aside; PAYLOAD_NONE for others. */
uint8_t native_payload_type(const char *iana_name);

/* The samples that a frame stands for, at 8000 Hz but for L16. */
uint32_t native_samples(uint8_t payload_type, const uint8_t *bytes, uint32_t size);

#endif
