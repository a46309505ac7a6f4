/*
 * Compiled against the headers of a real FreeSWITCH, 1.10.8 and later: a function that is declared otherwise
 * there, or a value that is another one, is an error.
 */
#include <switch.h>

#include "api/functions.inc"

_Static_assert(SWITCH_FALSE == 0 && SWITCH_TRUE == 1, "switch_bool_t");
_Static_assert(SWITCH_STATUS_SUCCESS == 0 && SWITCH_STATUS_FALSE == 1, "switch_status_t");
_Static_assert(SWITCH_STATUS_NOOP == 7 && SWITCH_STATUS_RESAMPLE == 8 && SWITCH_STATUS_GENERR == 9, "switch_status_t");
_Static_assert(SWITCH_STATUS_NOUNLOAD == 16, "switch_status_t");
_Static_assert(SWITCH_LOG_ERROR == 3 && SWITCH_LOG_WARNING == 4 && SWITCH_LOG_INFO == 6, "switch_log_level_t");
_Static_assert(SWITCH_CHANNEL_ID_LOG == 0 && SWITCH_CHANNEL_ID_SESSION == 3, "switch_text_channel_t");
_Static_assert(SWITCH_ABC_TYPE_INIT == 0 && SWITCH_ABC_TYPE_CLOSE == 8, "switch_abc_type_t");
_Static_assert(SWITCH_ABC_TYPE_TAP_NATIVE_READ == 6 && SWITCH_ABC_TYPE_TAP_NATIVE_WRITE == 7, "switch_abc_type_t");
_Static_assert(SMBF_PRUNE == 1 << 9, "switch_media_bug_flag_t");
_Static_assert(SMBF_TAP_NATIVE_READ == 1 << 13 && SMBF_TAP_NATIVE_WRITE == 1 << 14, "switch_media_bug_flag_t");
/* Their values are others in 1.10.8; the module knows them by name. */
_Static_assert(((SFF_CNG | SFF_PROXY_PACKET | SFF_UDPTL_PACKET) & (SFF_NOT_AUDIO | SFF_RTCP)) == 0, "switch_frame_flag_t");
_Static_assert(SWITCH_CODEC_FLAG_DECODE == 1 << 1 && SWITCH_CODEC_FLAG_PASSTHROUGH == 1 << 7, "switch_codec_flag_t");
_Static_assert(SAF_MEDIA_TAP == 1 << 2, "switch_application_flag_t");
_Static_assert(SWITCH_RECOMMENDED_BUFFER_SIZE == 8192, "buffers");
_Static_assert(SWITCH_RESAMPLE_QUALITY == 2, "resampler");

#define IS_MEMBER(type, member, wanted) \
  _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), wanted), #type "." #member)

IS_MEMBER(switch_frame_t, codec, switch_codec_t *);
IS_MEMBER(switch_frame_t, data, void *);
IS_MEMBER(switch_frame_t, datalen, uint32_t);
IS_MEMBER(switch_frame_t, timestamp, uint32_t);
IS_MEMBER(switch_frame_t, ssrc, uint32_t);
IS_MEMBER(switch_codec_t, implementation, const switch_codec_implementation_t *);
IS_MEMBER(switch_codec_t, fmtp_in, char *);
IS_MEMBER(switch_codec_t, flags, uint32_t);
IS_MEMBER(switch_codec_t, cur_frame, switch_frame_t *);
IS_MEMBER(switch_codec_implementation_t, iananame, char *);
IS_MEMBER(switch_codec_implementation_t, samples_per_second, uint32_t);
IS_MEMBER(switch_codec_implementation_t, actual_samples_per_second, uint32_t);
IS_MEMBER(switch_codec_implementation_t, microseconds_per_packet, int);
IS_MEMBER(switch_codec_implementation_t, number_of_channels, uint8_t);
IS_MEMBER(switch_codec_implementation_t, modname, char *);
IS_MEMBER(switch_audio_resampler_t, from_rate, int);
IS_MEMBER(switch_audio_resampler_t, to, int16_t *);
IS_MEMBER(switch_audio_resampler_t, to_len, uint32_t);
IS_MEMBER(switch_caller_profile_t, caller_id_number, const char *);
IS_MEMBER(switch_caller_profile_t, destination_number, char *);
