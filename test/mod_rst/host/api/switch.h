/*
 * The part of FreeSWITCH's API that mod_rst uses, for the host of its tests. Types have the members that the
 * module looks at and no others; values are FreeSWITCH's own. honest.c compares all of it with real headers.
 */
#ifndef HOST_SWITCH_H
#define HOST_SWITCH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SWITCH_DECLARE(type) type
#define SWITCH_RECOMMENDED_BUFFER_SIZE 8192
#define SWITCH_RESAMPLE_QUALITY 2
#define SWITCH_API_VERSION 5
#define SWITCH_EVENT_SUBCLASS_ANY NULL

typedef enum { SWITCH_FALSE = 0, SWITCH_TRUE = 1 } switch_bool_t;
typedef enum {
  SWITCH_STATUS_SUCCESS = 0,
  SWITCH_STATUS_FALSE = 1,
  SWITCH_STATUS_NOOP = 7,
  SWITCH_STATUS_RESAMPLE = 8,
  SWITCH_STATUS_GENERR = 9,
  SWITCH_STATUS_NOUNLOAD = 16,
} switch_status_t;
typedef enum {
  SWITCH_LOG_ERROR = 3,
  SWITCH_LOG_WARNING = 4,
  SWITCH_LOG_INFO = 6,
} switch_log_level_t;
typedef enum { SWITCH_CHANNEL_ID_LOG = 0, SWITCH_CHANNEL_ID_SESSION = 3 } switch_text_channel_t;
typedef enum {
  SWITCH_ABC_TYPE_INIT = 0,
  SWITCH_ABC_TYPE_TAP_NATIVE_READ = 6,
  SWITCH_ABC_TYPE_TAP_NATIVE_WRITE = 7,
  SWITCH_ABC_TYPE_CLOSE = 8,
} switch_abc_type_t;
enum {
  SMBF_PRUNE = 1 << 9,
  SMBF_TAP_NATIVE_READ = 1 << 13,
  SMBF_TAP_NATIVE_WRITE = 1 << 14,
};
typedef uint32_t switch_media_bug_flag_t;
enum {
  SFF_CNG = 1 << 0,
  SFF_PROXY_PACKET = 1 << 5,
  SFF_UDPTL_PACKET = 1 << 7,
  SFF_NOT_AUDIO = 1 << 8,
  SFF_RTCP = 1 << 9,
};
typedef uint32_t switch_frame_flag_t;
enum { SWITCH_CODEC_FLAG_DECODE = 1 << 1, SWITCH_CODEC_FLAG_PASSTHROUGH = 1 << 7 };
typedef enum { CF_PROXY_MODE = 8, CF_PROXY_MEDIA = 21 } switch_channel_flag_t;
typedef enum { SWITCH_STACK_BOTTOM = 1 } switch_stack_t;
typedef enum { SWITCH_EVENT_CUSTOM = 0, SWITCH_EVENT_RELOADXML = 29 } switch_event_types_t;
typedef enum { SWITCH_API_INTERFACE = 4, SWITCH_APPLICATION_INTERFACE = 3 } switch_module_interface_name_t;
enum { SAF_MEDIA_TAP = 1 << 2 };

typedef size_t switch_size_t;
typedef struct switch_core_session switch_core_session_t;
typedef struct switch_channel switch_channel_t;
typedef struct switch_media_bug switch_media_bug_t;
typedef struct switch_memory_pool switch_memory_pool_t;
typedef struct switch_event switch_event_t;
typedef struct switch_codec_settings switch_codec_settings_t;

typedef struct switch_codec_implementation {
  char *iananame;
  uint32_t samples_per_second;
  uint32_t actual_samples_per_second;
  int microseconds_per_packet;
  uint32_t encoded_bytes_per_packet;
  uint8_t number_of_channels;
  char *modname;
} switch_codec_implementation_t;

typedef struct switch_frame switch_frame_t;

typedef struct switch_codec {
  const switch_codec_implementation_t *implementation;
  char *fmtp_in;
  uint32_t flags;
  void *private_info;
  switch_frame_t *cur_frame;
} switch_codec_t;

struct switch_frame {
  switch_codec_t *codec;
  void *data;
  uint32_t datalen;
  uint32_t timestamp;
  uint32_t ssrc;
  switch_frame_flag_t flags;
};

typedef struct {
  void *resampler;
  int from_rate;
  int to_rate;
  int16_t *to;
  uint32_t to_len;
  uint32_t to_size;
  int channels;
} switch_audio_resampler_t;

typedef struct switch_caller_profile {
  const char *caller_id_number;
  char *destination_number;
} switch_caller_profile_t;

typedef struct switch_xml *switch_xml_t;
struct switch_xml {
  char *name;
  char **attr;
  switch_xml_t next;
  switch_xml_t child;
};

typedef struct switch_stream_handle switch_stream_handle_t;
typedef switch_status_t (*switch_stream_handle_write_function_t)(switch_stream_handle_t *handle, const char *fmt, ...);
struct switch_stream_handle {
  switch_stream_handle_write_function_t write_function;
  void *data;
};

typedef switch_bool_t (*switch_media_bug_callback_t)(switch_media_bug_t *, void *, switch_abc_type_t);
typedef void (*switch_event_callback_t)(switch_event_t *);
typedef void (*switch_application_function_t)(switch_core_session_t *, const char *);
typedef switch_status_t (*switch_api_function_t)(const char *cmd, switch_core_session_t *session,
                                                 switch_stream_handle_t *stream);

typedef struct switch_loadable_module_interface switch_loadable_module_interface_t;
typedef struct switch_application_interface {
  const char *interface_name;
  switch_application_function_t application_function;
  const char *long_desc;
  const char *short_desc;
  const char *syntax;
  uint32_t flags;
} switch_application_interface_t;
typedef struct switch_api_interface {
  const char *interface_name;
  const char *desc;
  switch_api_function_t function;
  const char *syntax;
} switch_api_interface_t;

typedef struct {
  int switch_api_version;
  switch_status_t (*load)(switch_loadable_module_interface_t **module_interface, switch_memory_pool_t *pool);
  switch_status_t (*shutdown)(void);
  switch_status_t (*runtime)(void);
  uint32_t flags;
} switch_loadable_module_function_table_t;

#define SWITCH_STANDARD_APP(name) static void name(switch_core_session_t *session, const char *data)
#define SWITCH_STANDARD_API(name) \
  static switch_status_t name(const char *cmd, switch_core_session_t *session, switch_stream_handle_t *stream)
#define SWITCH_MODULE_LOAD_FUNCTION(name) \
  switch_status_t name(switch_loadable_module_interface_t **module_interface, switch_memory_pool_t *pool)
#define SWITCH_MODULE_SHUTDOWN_FUNCTION(name) switch_status_t name(void)
#define SWITCH_MODULE_DEFINITION(name, load, shutdown, runtime) \
  static const char modname[] = #name; \
  switch_loadable_module_function_table_t name##_module_interface = {SWITCH_API_VERSION, load, shutdown, runtime, 0}
#define SWITCH_ADD_APP(app_int, int_name, short_descript, long_descript, funcptr, syntax_string, app_flags) \
  do { \
    app_int = switch_loadable_module_create_interface(*module_interface, SWITCH_APPLICATION_INTERFACE); \
    app_int->interface_name = int_name; \
    app_int->application_function = funcptr; \
    app_int->short_desc = short_descript; \
    app_int->long_desc = long_descript; \
    app_int->syntax = syntax_string; \
    app_int->flags = app_flags; \
  } while (0)
#define SWITCH_ADD_API(api_int, int_name, descript, funcptr, syntax_string) \
  do { \
    api_int = switch_loadable_module_create_interface(*module_interface, SWITCH_API_INTERFACE); \
    api_int->interface_name = int_name; \
    api_int->desc = descript; \
    api_int->function = funcptr; \
    api_int->syntax = syntax_string; \
  } while (0)

#define SWITCH_CHANNEL_LOG SWITCH_CHANNEL_ID_LOG, __FILE__, __func__, __LINE__, NULL
#define SWITCH_CHANNEL_UUID_LOG(uuid) SWITCH_CHANNEL_ID_LOG, __FILE__, __func__, __LINE__, (uuid)
#define SWITCH_CHANNEL_SESSION_LOG(session) \
  SWITCH_CHANNEL_ID_SESSION, __FILE__, __func__, __LINE__, (const char *)(session)
#define switch_core_codec_init(codec, name, modname, fmtp, rate, ms, channels, flags, settings, pool) \
  switch_core_codec_init_with_bitrate(codec, name, modname, fmtp, rate, ms, channels, 0, flags, settings, pool)
#define switch_resample_create(resampler, from, to, size, quality, channels) \
  switch_resample_perform_create(resampler, from, to, size, quality, channels, __FILE__, __func__, __LINE__)
#define switch_core_session_locate(uuid) switch_core_session_perform_locate(uuid, __FILE__, __func__, __LINE__)
#define switch_core_session_force_locate(uuid) \
  switch_core_session_perform_force_locate(uuid, __FILE__, __func__, __LINE__)
#define switch_core_session_rwunlock(session) \
  switch_core_session_perform_rwunlock(session, __FILE__, __func__, __LINE__)
#define switch_channel_get_variable(channel, name) switch_channel_get_variable_dup(channel, name, SWITCH_TRUE, -1)
#define switch_channel_set_variable(channel, name, value) \
  switch_channel_set_variable_var_check(channel, name, value, SWITCH_TRUE)
#define switch_event_create_subclass(event, id, name) \
  switch_event_create_subclass_detailed(__FILE__, __func__, __LINE__, event, id, name)
#define switch_event_fire(event) switch_event_fire_detailed(__FILE__, __func__, __LINE__, event, NULL)
#define switch_event_reserve_subclass(name) switch_event_reserve_subclass_detailed(__FILE__, name)
#define switch_event_free_subclass(name) switch_event_free_subclass_detailed(__FILE__, name)

#include "functions.inc"

#endif
