#include "native_codec.h"

#include <stddef.h>
#include <strings.h>

/* G.729: 10 bytes are 10 ms; what is left is a frame of comfort noise, which stands for 10 ms too. */
#define G729_FRAME_BYTES 10
#define G729_NOISE_BYTES 2
#define G729_FRAME_SAMPLES 80
#define G723_FRAME_SAMPLES 240

static const struct {
  const char *name;
  uint8_t payload_type;
} codecs[] = {
    {"PCMU", PAYLOAD_PCMU}, {"PCMA", PAYLOAD_PCMA}, {"G729", PAYLOAD_G729},
    {"G723", PAYLOAD_G723}, {"L16", PAYLOAD_L16},
};

uint8_t native_payload_type(const char *iana_name) {
  if (!iana_name) return PAYLOAD_NONE;
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
    if (!strcasecmp(iana_name, codecs[i].name)) return codecs[i].payload_type;
  return PAYLOAD_NONE;
}

static uint32_t g723_samples(const uint8_t *bytes, uint32_t size) {
  static const uint8_t frame_bytes[4] = {24, 20, 4, 1};
  uint32_t frames = 0;
  for (uint32_t at = 0; at < size; frames++) at += frame_bytes[bytes[at] & 3];
  return frames * G723_FRAME_SAMPLES;
}

uint32_t native_samples(uint8_t payload_type, const uint8_t *bytes, uint32_t size) {
  switch (payload_type) {
    case PAYLOAD_L16:
      return size / 2;
    case PAYLOAD_G729:
      return (size / G729_FRAME_BYTES + (size % G729_FRAME_BYTES >= G729_NOISE_BYTES)) * G729_FRAME_SAMPLES;
    case PAYLOAD_G723:
      return g723_samples(bytes, size);
    default:
      return size;
  }
}
