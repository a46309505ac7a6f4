#include "host.h"

_Atomic int64_t host_codecs, host_resamplers;

/* Frames are known by their numbers, so that a test can say which of them came, and whether all of them. */
enum kind { BYTES, LINEAR, G723, TONE };

static const struct {
  switch_codec_implementation_t codec;
  enum kind kind;
  bool is_passthrough;
} codecs[] = {
    {{"PCMU", 8000, 8000, 20000, 160, 1, "CORE"}, BYTES, false},
    {{"PCMA", 8000, 8000, 20000, 160, 1, "CORE"}, BYTES, false},
    {{"G729", 8000, 8000, 20000, 20, 1, "mod_g729"}, BYTES, true},
    {{"G723", 8000, 8000, 30000, 24, 1, "mod_g723_1"}, G723, true},
    {{"AMR", 8000, 8000, 20000, 0, 1, "mod_amr"}, BYTES, true},
    {{"L16", 8000, 8000, 20000, 320, 1, "CORE"}, LINEAR, false},
    {{"L16", 16000, 16000, 20000, 640, 1, "CORE"}, LINEAR, false},
    {{"L16", 48000, 48000, 20000, 1920, 1, "CORE"}, LINEAR, false},
    {{"L16", 8000, 8000, 20000, 640, 2, "CORE"}, LINEAR, false},
    {{"G722", 8000, 16000, 20000, 160, 1, "CORE"}, TONE, false},
    {{"opus", 48000, 48000, 20000, 0, 1, "mod_opus"}, TONE, false},
    {{"opus", 48000, 48000, 20000, 0, 2, "mod_opus"}, TONE, false},
};
static const char *const names[] = {"PCMU",    "PCMA",    "G729",        "G723", "AMR",  "L16/8000",
                                    "L16/16000", "L16/48000", "L16/8000/2", "G722", "opus", "opus/2"};

#define COUNT (sizeof codecs / sizeof *codecs)

static size_t index_of(const switch_codec_implementation_t *codec) {
  for (size_t i = 0; i < COUNT; i++)
    if (&codecs[i].codec == codec) return i;
  abort();
}

const switch_codec_implementation_t *host_codec_find(const char *name) {
  for (size_t i = 0; i < COUNT; i++)
    if (!strcmp(names[i], name)) return &codecs[i].codec;
  fprintf(stderr, "there is no codec %s\n", name);
  exit(2);
}

bool host_codec_is_passthrough(const switch_codec_implementation_t *codec) {
  return codecs[index_of(codec)].is_passthrough;
}

uint32_t host_codec_frame(const switch_codec_implementation_t *codec, int leg, uint32_t number, uint8_t *bytes) {
  const enum kind kind = codecs[index_of(codec)].kind;
  const uint32_t size = kind == TONE ? 8 : codec->encoded_bytes_per_packet ? codec->encoded_bytes_per_packet : 32;
  /* Number and leg first, big end first; behind them what the leg is told by. */
  for (uint32_t i = 0; i < size; i++) bytes[i] = (uint8_t)(leg == HOST_READ ? 'r' : 'w');
  if (kind == G723) bytes[0] = 0;
  for (int i = 0; i < 4; i++) bytes[(kind == G723 ? 1 : 0) + i] = (uint8_t)(number >> (24 - 8 * i));
  return size;
}

struct decoder {
  const switch_codec_implementation_t *codec;
  uint32_t frames;
};

switch_status_t switch_core_codec_init_with_bitrate(switch_codec_t *codec, const char *codec_name, const char *fmtp,
                                                    const char *modname, uint32_t rate, int ms, int channels,
                                                    uint32_t bitrate, uint32_t flags,
                                                    const switch_codec_settings_t *codec_settings,
                                                    switch_memory_pool_t *pool) {
  (void)fmtp, (void)modname, (void)bitrate, (void)codec_settings, (void)pool;
  memset(codec, 0, sizeof *codec);
  for (size_t i = 0; i < COUNT; i++) {
    const switch_codec_implementation_t *found = &codecs[i].codec;
    if (strcmp(found->iananame, codec_name) || found->number_of_channels != channels) continue;
    const bool is_g722 = !strcmp(codec_name, "G722");
    if ((is_g722 ? found->samples_per_second : found->actual_samples_per_second) != rate) continue;
    if (found->microseconds_per_packet != ms * 1000) continue;
    struct decoder *decoder = calloc(1, sizeof *decoder);
    decoder->codec = found;
    codec->implementation = found;
    codec->private_info = decoder;
    codec->flags = flags | (codecs[i].is_passthrough ? SWITCH_CODEC_FLAG_PASSTHROUGH : 0);
    host_codecs++;
    return SWITCH_STATUS_SUCCESS;
  }
  return SWITCH_STATUS_GENERR;
}

switch_status_t switch_core_codec_destroy(switch_codec_t *codec) {
  free(codec->private_info);
  memset(codec, 0, sizeof *codec);
  host_codecs--;
  return SWITCH_STATUS_SUCCESS;
}

static int16_t ulaw(uint8_t code) {
  const int bits = ~code & 0xff;
  const int magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

/*
 * PCMU as it is defined. The codecs with a state (TONE) give samples that are all the number of the frame;
 * the second of two channels is 2 more, so that the mean is 1 more.
 */
switch_status_t switch_core_codec_decode(switch_codec_t *codec, switch_codec_t *other_codec, void *encoded_data,
                                         uint32_t encoded_data_len, uint32_t encoded_rate, void *decoded_data,
                                         uint32_t *decoded_data_len, uint32_t *decoded_rate, unsigned int *flag) {
  struct decoder *decoder = codec->private_info;
  const switch_codec_implementation_t *implementation = decoder->codec;
  const uint8_t *bytes = encoded_data;
  int16_t *samples = decoded_data;
  (void)other_codec, (void)encoded_rate, (void)flag;
  const enum kind kind = codecs[index_of(implementation)].kind;
  if (kind == LINEAR) return SWITCH_STATUS_NOOP;
  uint32_t count = encoded_data_len;
  if (kind == TONE) {
    const int channels = implementation->number_of_channels;
    const int16_t number = (int16_t)(bytes[2] << 8 | bytes[3]);
    count = implementation->actual_samples_per_second / 50 * (uint32_t)channels;
    for (uint32_t i = 0; i < count; i++) samples[i] = (int16_t)(number + (channels == 2 && i % 2 ? 2 : 0));
  } else {
    for (uint32_t i = 0; i < count; i++) samples[i] = ulaw(bytes[i]);
  }
  if (count * 2 > *decoded_data_len) abort();
  decoder->frames++;
  *decoded_data_len = count * 2;
  *decoded_rate = implementation->actual_samples_per_second;
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_resample_perform_create(switch_audio_resampler_t **new_resampler, uint32_t from_rate,
                                               uint32_t to_rate, uint32_t to_size, int quality, uint32_t channels,
                                               const char *file, const char *func, int line) {
  (void)to_size, (void)quality, (void)file, (void)func, (void)line;
  switch_audio_resampler_t *resampler = calloc(1, sizeof *resampler);
  resampler->from_rate = (int)from_rate;
  resampler->to_rate = (int)to_rate;
  resampler->channels = (int)channels;
  *new_resampler = resampler;
  host_resamplers++;
  return SWITCH_STATUS_SUCCESS;
}

uint32_t switch_resample_process(switch_audio_resampler_t *resampler, int16_t *src, uint32_t count) {
  resampler->to_len = (uint32_t)((uint64_t)count * (uint32_t)resampler->to_rate / (uint32_t)resampler->from_rate);
  resampler->to = realloc(resampler->to, resampler->to_len * sizeof *resampler->to);
  for (uint32_t i = 0; i < resampler->to_len; i++) resampler->to[i] = src[(uint64_t)i * count / resampler->to_len];
  return resampler->to_len;
}

void switch_resample_destroy(switch_audio_resampler_t **resampler) {
  free((*resampler)->to);
  free(*resampler);
  *resampler = NULL;
  host_resamplers--;
}
