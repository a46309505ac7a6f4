/*
 * A host that takes mod_rst for a FreeSWITCH would: sessions with locks and media bugs, codecs, events. The
 * locks are those that FreeSWITCH holds at the same places.
 */
#ifndef HOST_H
#define HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <switch.h>

enum { HOST_READ, HOST_WRITE, HOST_LEGS };

#define HOST_UUID_MAX 256
#define HOST_FRAME_MAX 8192

struct switch_media_bug {
  switch_media_bug_callback_t callback;
  void *user_data;
  _Atomic uint32_t flags;
  bool is_ready;
  switch_frame_t *frames[HOST_LEGS];
  char function[32];
  char target[96];
  struct switch_media_bug *next;
  /* Until the session's memory goes. */
  struct switch_media_bug *next_allocated;
};

struct host_variable {
  char name[64];
  char value[512];
  struct host_variable *next;
};

struct switch_channel {
  struct switch_core_session *session;
  pthread_mutex_t lock;
  struct host_variable *variables;
  switch_caller_profile_t profile;
  char caller[512];
  char callee[512];
  atomic_bool is_proxy_mode;
  atomic_bool is_proxy_media;
  atomic_bool is_down;
};

struct switch_core_session {
  char uuid[HOST_UUID_MAX];
  struct switch_channel channel;
  pthread_rwlock_t lock;
  pthread_rwlock_t bug_lock;
  pthread_mutex_t leg_locks[HOST_LEGS];
  switch_media_bug_t *bugs;
  switch_media_bug_t *allocated;
  switch_codec_t codecs[HOST_LEGS];
  /* Frames that the leg has had, and their RTP time. */
  uint32_t frames[HOST_LEGS];
  uint32_t rtp_time[HOST_LEGS];
  atomic_bool is_destroyed;
  struct switch_core_session *next;
};

/* Sessions. */
switch_core_session_t *host_session_open(const char *uuid, const char *codec);
/* Hangs up and destroys, after all who hold it have let go. */
void host_session_close(switch_core_session_t *session);
bool host_session_rename(switch_core_session_t *session, const char *uuid);
void host_session_set_codec(switch_core_session_t *session, int leg, const char *codec);
/* Not locked: for the thread that opened it. */
switch_core_session_t *host_session_find(const char *uuid);

/* A flag of a frame that no RTP packet was: the silence that FreeSWITCH shows when none has come. */
#define HOST_MADE_UP (1u << 30)

/* Media: one frame in a leg, as its thread has it. `skip` frames of time are passed over before it. */
void host_media_frame(switch_core_session_t *session, int leg, uint32_t skip, uint32_t flags);

/* Codecs. */
const switch_codec_implementation_t *host_codec_find(const char *name);
/* The n-th frame of a leg, known by its number; its bytes. */
uint32_t host_codec_frame(const switch_codec_implementation_t *codec, int leg, uint32_t number, uint8_t *bytes);
bool host_codec_is_passthrough(const switch_codec_implementation_t *codec);

/* Events, log and configuration. */
void host_config_set(const char *pairs);
void host_config_reload(void);
/* While it is held, whoever fires an event or writes to the log waits. */
void host_services_hold(bool is_held);
void host_events_quiet(bool is_quiet);

/* The module. */
bool host_module_load(void);
switch_status_t host_module_unload(void);
void host_module_api(const char *name, const char *arguments, char *reply, size_t size);
void host_module_app(switch_core_session_t *session, const char *arguments);

/* Lines to stdout: one JSON object each. */
void host_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* As a JSON string, with its quotes. */
void host_print_quoted(FILE *out, const char *text);

/* Many short calls at once; prints a line by that name when they are over. */
void host_storm(const char *name, uint32_t taps, uint32_t threads, const char *arguments);

/* A fault of the kind that the watcher of that name is there to find. */
void host_blunder(const char *watcher);

/* The parts that need no call; ends the process where one is wrong. */
void host_pure(void);

/* What there is of everything; all of it has to be 0 at the end. */
extern _Atomic int64_t host_sessions, host_bugs, host_codecs, host_resamplers, host_read_locks, host_xml, host_bound;

#endif
