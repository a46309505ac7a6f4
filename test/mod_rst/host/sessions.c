#include "host.h"

_Atomic int64_t host_sessions, host_bugs, host_read_locks;

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static switch_core_session_t *table;

static void set_codec(switch_codec_t *codec, const char *name) {
  codec->implementation = host_codec_find(name);
  codec->flags = host_codec_is_passthrough(codec->implementation) ? SWITCH_CODEC_FLAG_PASSTHROUGH : 0;
}

switch_core_session_t *host_session_open(const char *uuid, const char *codec) {
  switch_core_session_t *session = calloc(1, sizeof *session);
  snprintf(session->uuid, sizeof session->uuid, "%s", uuid);
  session->channel.session = session;
  pthread_mutex_init(&session->channel.lock, NULL);
  snprintf(session->channel.caller, sizeof session->channel.caller, "1001");
  snprintf(session->channel.callee, sizeof session->channel.callee, "9210");
  session->channel.profile.caller_id_number = session->channel.caller;
  session->channel.profile.destination_number = session->channel.callee;
  pthread_rwlock_init(&session->lock, NULL);
  pthread_rwlock_init(&session->bug_lock, NULL);
  for (int i = 0; i < HOST_LEGS; i++) {
    pthread_mutex_init(&session->leg_locks[i], NULL);
    set_codec(&session->codecs[i], codec);
  }
  host_sessions++;
  pthread_mutex_lock(&table_lock);
  session->next = table;
  table = session;
  pthread_mutex_unlock(&table_lock);
  return session;
}

static switch_core_session_t *find(const char *uuid) {
  for (switch_core_session_t *session = table; session; session = session->next)
    if (!strcmp(session->uuid, uuid)) return session;
  return NULL;
}

switch_core_session_t *host_session_find(const char *uuid) {
  pthread_mutex_lock(&table_lock);
  switch_core_session_t *session = find(uuid);
  pthread_mutex_unlock(&table_lock);
  return session;
}

bool host_session_rename(switch_core_session_t *session, const char *uuid) {
  pthread_mutex_lock(&table_lock);
  const bool is_free = find(uuid) == NULL;
  if (is_free) snprintf(session->uuid, sizeof session->uuid, "%s", uuid);
  pthread_mutex_unlock(&table_lock);
  return is_free;
}

void host_session_set_codec(switch_core_session_t *session, int leg, const char *codec) {
  pthread_mutex_lock(&session->leg_locks[leg]);
  set_codec(&session->codecs[leg], codec);
  pthread_mutex_unlock(&session->leg_locks[leg]);
}

static void close_bug(switch_media_bug_t *bug) {
  bug->callback(bug, bug->user_data, SWITCH_ABC_TYPE_CLOSE);
  bug->is_ready = false;
  host_bugs--;
}

/* CLOSE comes under the lock here. */
static void remove_all(switch_core_session_t *session) {
  pthread_rwlock_wrlock(&session->bug_lock);
  while (session->bugs) {
    switch_media_bug_t *bug = session->bugs;
    session->bugs = bug->next;
    close_bug(bug);
  }
  pthread_rwlock_unlock(&session->bug_lock);
}

static void free_session(switch_core_session_t *session) {
  while (session->allocated) {
    switch_media_bug_t *bug = session->allocated;
    session->allocated = bug->next_allocated;
    free(bug);
  }
  while (session->channel.variables) {
    struct host_variable *variable = session->channel.variables;
    session->channel.variables = variable->next;
    free(variable);
  }
  for (int i = 0; i < HOST_LEGS; i++) pthread_mutex_destroy(&session->leg_locks[i]);
  pthread_mutex_destroy(&session->channel.lock);
  pthread_rwlock_destroy(&session->bug_lock);
  pthread_rwlock_destroy(&session->lock);
  free(session);
}

void host_session_close(switch_core_session_t *session) {
  session->channel.is_down = true;
  remove_all(session);
  pthread_rwlock_wrlock(&session->lock);
  session->is_destroyed = true;
  pthread_rwlock_unlock(&session->lock);
  remove_all(session);
  pthread_mutex_lock(&table_lock);
  for (switch_core_session_t **at = &table; *at; at = &(*at)->next)
    if (*at == session) {
      *at = session->next;
      break;
    }
  pthread_mutex_unlock(&table_lock);
  free_session(session);
  host_sessions--;
}

static switch_core_session_t *locate(const char *uuid, bool with_down) {
  pthread_mutex_lock(&table_lock);
  switch_core_session_t *session = find(uuid);
  if (session && pthread_rwlock_tryrdlock(&session->lock) != 0) session = NULL;
  if (session && (session->is_destroyed || (!with_down && session->channel.is_down))) {
    pthread_rwlock_unlock(&session->lock);
    session = NULL;
  }
  pthread_mutex_unlock(&table_lock);
  if (session) host_read_locks++;
  return session;
}

switch_core_session_t *switch_core_session_perform_locate(const char *uuid, const char *file, const char *func, int line) {
  (void)file, (void)func, (void)line;
  return locate(uuid, false);
}

switch_core_session_t *switch_core_session_perform_force_locate(const char *uuid, const char *file, const char *func,
                                                                int line) {
  (void)file, (void)func, (void)line;
  return locate(uuid, true);
}

void switch_core_session_perform_rwunlock(switch_core_session_t *session, const char *file, const char *func, int line) {
  (void)file, (void)func, (void)line;
  host_read_locks--;
  pthread_rwlock_unlock(&session->lock);
}

switch_channel_t *switch_core_session_get_channel(switch_core_session_t *session) {
  return &session->channel;
}

char *switch_core_session_get_uuid(switch_core_session_t *session) {
  return session->uuid;
}

switch_status_t switch_core_session_get_read_impl(switch_core_session_t *session, switch_codec_implementation_t *codec) {
  *codec = *session->codecs[HOST_READ].implementation;
  return SWITCH_STATUS_SUCCESS;
}

switch_caller_profile_t *switch_channel_get_caller_profile(switch_channel_t *channel) {
  return &channel->profile;
}

uint32_t switch_channel_test_flag(switch_channel_t *channel, switch_channel_flag_t flag) {
  return flag == CF_PROXY_MODE ? channel->is_proxy_mode : flag == CF_PROXY_MEDIA && channel->is_proxy_media;
}

const char *switch_channel_get_variable_dup(switch_channel_t *channel, const char *name, switch_bool_t dup, int index) {
  const char *value = NULL;
  (void)dup, (void)index;
  pthread_mutex_lock(&channel->lock);
  for (struct host_variable *at = channel->variables; at && !value; at = at->next)
    if (!strcmp(at->name, name)) value = at->value;
  pthread_mutex_unlock(&channel->lock);
  return value;
}

switch_status_t switch_channel_set_variable_var_check(switch_channel_t *channel, const char *name, const char *value,
                                                      switch_bool_t check) {
  struct host_variable *variable = calloc(1, sizeof *variable);
  (void)check;
  snprintf(variable->name, sizeof variable->name, "%s", name);
  snprintf(variable->value, sizeof variable->value, "%s", value ? value : "");
  pthread_mutex_lock(&channel->lock);
  variable->next = channel->variables;
  channel->variables = variable;
  pthread_mutex_unlock(&channel->lock);
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_core_media_bug_add(switch_core_session_t *session, const char *function, const char *target,
                                          switch_media_bug_callback_t callback, void *user_data, time_t stop_time,
                                          switch_media_bug_flag_t flags, switch_media_bug_t **new_bug) {
  (void)stop_time;
  /* "Cannot establish media" is what FreeSWITCH says of a channel that is down. */
  if (session->channel.is_down) return SWITCH_STATUS_FALSE;
  switch_media_bug_t *bug = calloc(1, sizeof *bug);
  bug->callback = callback;
  bug->user_data = user_data;
  bug->flags = flags;
  snprintf(bug->function, sizeof bug->function, "%s", function);
  snprintf(bug->target, sizeof bug->target, "%s", target);
  if (callback(bug, user_data, SWITCH_ABC_TYPE_INIT) == SWITCH_FALSE) {
    free(bug);
    return SWITCH_STATUS_GENERR;
  }
  host_bugs++;
  pthread_rwlock_wrlock(&session->bug_lock);
  bug->is_ready = true;
  bug->next = session->bugs;
  session->bugs = bug;
  bug->next_allocated = session->allocated;
  session->allocated = bug;
  pthread_rwlock_unlock(&session->bug_lock);
  *new_bug = bug;
  return SWITCH_STATUS_SUCCESS;
}

/* The first one that is it, or is to be pruned; no more in the list then. */
static switch_media_bug_t *unlink_bug(switch_core_session_t *session, const switch_media_bug_t *wanted) {
  switch_media_bug_t *found = NULL;
  pthread_rwlock_wrlock(&session->bug_lock);
  for (switch_media_bug_t **at = &session->bugs; *at && !found; at = &(*at)->next) {
    if (wanted ? *at != wanted : !((*at)->flags & SMBF_PRUNE)) continue;
    found = *at;
    *at = found->next;
    break;
  }
  pthread_rwlock_unlock(&session->bug_lock);
  return found;
}

switch_status_t switch_core_media_bug_remove(switch_core_session_t *session, switch_media_bug_t **bug) {
  switch_media_bug_t *found = unlink_bug(session, *bug);
  if (!found) return SWITCH_STATUS_FALSE;
  close_bug(found);
  return SWITCH_STATUS_SUCCESS;
}

uint32_t switch_core_media_bug_prune(switch_core_session_t *session) {
  uint32_t count = 0;
  for (switch_media_bug_t *bug; (bug = unlink_bug(session, NULL)) != NULL; count++) close_bug(bug);
  return count;
}

uint32_t switch_core_media_bug_set_flag(switch_media_bug_t *bug, uint32_t flag) {
  return bug->flags |= flag;
}

switch_frame_t *switch_core_media_bug_get_native_read_frame(switch_media_bug_t *bug) {
  return bug->frames[HOST_READ];
}

switch_frame_t *switch_core_media_bug_get_native_write_frame(switch_media_bug_t *bug) {
  return bug->frames[HOST_WRITE];
}

/* What the bugs hear of one frame; true where one of them wants to go. */
static bool tell_bugs(switch_core_session_t *session, int leg, switch_frame_t *frame) {
  static const switch_abc_type_t types[] = {SWITCH_ABC_TYPE_TAP_NATIVE_READ, SWITCH_ABC_TYPE_TAP_NATIVE_WRITE};
  bool has_prune = false;
  pthread_rwlock_rdlock(&session->bug_lock);
  for (switch_media_bug_t *bug = session->bugs; bug; bug = bug->next) {
    if (bug->flags & SMBF_PRUNE) {
      has_prune = true;
      continue;
    }
    if (!bug->is_ready) continue;
    bug->frames[leg] = frame;
    if (bug->callback(bug, bug->user_data, types[leg]) == SWITCH_FALSE) {
      bug->flags |= SMBF_PRUNE;
      has_prune = true;
    }
    bug->frames[leg] = NULL;
  }
  pthread_rwlock_unlock(&session->bug_lock);
  return has_prune;
}

void host_media_frame(switch_core_session_t *session, int leg, uint32_t skip, uint32_t flags) {
  uint8_t bytes[HOST_FRAME_MAX];
  pthread_mutex_lock(&session->leg_locks[leg]);
  switch_codec_t *codec = &session->codecs[leg];
  const switch_codec_implementation_t *implementation = codec->implementation;
  const uint32_t ticks =
      (uint32_t)((uint64_t)implementation->samples_per_second * implementation->microseconds_per_packet / 1000000);
  session->rtp_time[leg] += ticks * (skip + 1);
  switch_frame_t frame = {
      .codec = codec,
      .data = bytes,
      .datalen = host_codec_frame(implementation, leg, session->frames[leg]++, bytes),
      .timestamp = flags & HOST_MADE_UP ? 0 : session->rtp_time[leg],
      .ssrc = flags & HOST_MADE_UP ? 0 : 0x1234,
      .flags = flags & ~HOST_MADE_UP,
  };
  if (tell_bugs(session, leg, &frame)) switch_core_media_bug_prune(session);
  pthread_mutex_unlock(&session->leg_locks[leg]);
}
