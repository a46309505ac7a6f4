#include "attach.h"

#include <time.h>

#include "registry.h"
#include "sender.h"

/* The name of the media bug; "uuid_buglist" shows it, and servers look for it there. */
#define BUG_NAME "rst"
#define MOST_TAPS_A_CHANNEL 16

static switch_bool_t hear(struct tap *tap, int leg, const switch_frame_t *frame) {
  if (atomic_load(&tap->wants_prune)) return SWITCH_FALSE;
  if (!atomic_load(&tap->is_deaf)) ear_hear(&tap->legs[leg].ear, frame, leg == LEG_READ, tap_now_us());
  return SWITCH_TRUE;
}

/* In the media thread, or whichever removes the bug. FreeSWITCH calls no other one at the time of CLOSE. */
static switch_bool_t on_bug(switch_media_bug_t *bug, void *user_data, switch_abc_type_t type) {
  struct tap *tap = user_data;
  switch (type) {
    case SWITCH_ABC_TYPE_TAP_NATIVE_READ:
      return hear(tap, LEG_READ, switch_core_media_bug_get_native_read_frame(bug));
    case SWITCH_ABC_TYPE_TAP_NATIVE_WRITE:
      return hear(tap, LEG_WRITE, switch_core_media_bug_get_native_write_frame(bug));
    case SWITCH_ABC_TYPE_CLOSE:
      for (int i = 0; i < LEGS; i++) ear_detach(&tap->legs[i].ear);
      tap_give_reason(tap, REASON_HANGUP);
      /* The last word: from here on it may be freed. */
      atomic_store(&tap->is_closed, true);
      return SWITCH_TRUE;
    default:
      return SWITCH_TRUE;
  }
}

static bool has_media(switch_channel_t *channel, char *said, size_t said_size) {
  const char *why = NULL;
  if (switch_channel_test_flag(channel, CF_PROXY_MODE)) why = "its media bypasses FreeSWITCH";
  else if (switch_channel_test_flag(channel, CF_PROXY_MEDIA)) why = "its media is passed through unread";
  if (why) snprintf(said, said_size, "-ERR cannot be tapped: %s", why);
  return why == NULL;
}

static struct tap *open_tap(switch_core_session_t *session, const struct settings *settings, char *said,
                            size_t said_size) {
  char error[SETTINGS_ERROR_MAX];
  switch_codec_implementation_t codec = {0};
  const switch_caller_profile_t *profile = switch_channel_get_caller_profile(switch_core_session_get_channel(session));
  switch_core_session_get_read_impl(session, &codec);
  const struct tap_call call = {
      .uuid = switch_core_session_get_uuid(session),
      .caller = profile ? profile->caller_id_number : "",
      .callee = profile ? profile->destination_number : "",
      .rate_hz = codec.actual_samples_per_second ? codec.actual_samples_per_second : 8000,
      .ptime_ms = codec.microseconds_per_packet > 0 ? (uint32_t)codec.microseconds_per_packet / 1000 : 20,
  };
  if (!wire_is_uuid(call.uuid)) {
    snprintf(said, said_size, "-ERR cannot be tapped: its UUID can't be sent");
    return NULL;
  }
  struct tap *tap = tap_open(&call, settings, error);
  if (!tap) snprintf(said, said_size, "-ERR %s", error);
  else tap->session = session;
  return tap;
}

bool attach_start(switch_core_session_t *session, const struct settings *settings, char *said, size_t said_size) {
  if (!has_media(switch_core_session_get_channel(session), said, said_size)) return false;
  struct tap *tap = open_tap(session, settings, said, said_size);
  if (!tap) return false;
  const enum claim claim = registry_claim(tap);
  if (claim != CLAIMED) {
    snprintf(said, said_size, claim == CLAIM_IS_RUNNING ? "-ERR already running" : "-ERR mod_rst is being unloaded");
    tap_free(tap);
    return false;
  }
  switch_media_bug_t *bug = NULL;
  if (switch_core_media_bug_add(session, BUG_NAME, tap->target, on_bug, tap, 0,
                                SMBF_TAP_NATIVE_READ | SMBF_TAP_NATIVE_WRITE, &bug) != SWITCH_STATUS_SUCCESS) {
    snprintf(said, said_size, "-ERR FreeSWITCH has refused: the channel may have no media yet, or have hung up");
    registry_remove(tap);
    tap_free(tap);
    return false;
  }
  atomic_store(&tap->bug, bug);
  snprintf(said, said_size, "+OK %s is tapped to %s", tap->uuid, tap->target);
  sender_add(tap);
  return true;
}

struct found {
  const switch_core_session_t *session;
  const char *target;
  switch_media_bug_t *bugs[MOST_TAPS_A_CHANNEL];
  int count;
  int others;
};

static bool find(struct tap *tap, void *context) {
  struct found *found = context;
  switch_media_bug_t *bug = atomic_load(&tap->bug);
  if (tap->session != found->session || !bug || atomic_load(&tap->is_closed)) return true;
  if ((found->target && strcmp(found->target, tap->target)) || found->count == MOST_TAPS_A_CHANNEL) {
    found->others++;
    return true;
  }
  tap_give_reason(tap, REASON_STOPPED);
  found->bugs[found->count++] = bug;
  return true;
}

/*
 * The session is locked, so that the memory of a bug is good even if somebody else removes it meanwhile.
 *
 * switch_core_media_bug_remove() forgets that what is left on the channel are taps and nothing else, and then
 * the frames of a codec that can only be passed through are dropped. Pruning does not.
 */
static void remove_bug(switch_core_session_t *session, switch_media_bug_t *bug, bool is_last) {
  if (is_last) {
    switch_core_media_bug_remove(session, &bug);
    return;
  }
  switch_core_media_bug_set_flag(bug, SMBF_PRUNE);
  switch_core_media_bug_prune(session);
}

int attach_stop(switch_core_session_t *session, const char *target) {
  struct found found = {.session = session, .target = target};
  registry_each(find, &found);
  for (int i = 0; i < found.count; i++)
    remove_bug(session, found.bugs[i], found.others == 0 && i == found.count - 1);
  return found.count;
}

static bool count_others(struct tap *tap, void *context) {
  struct found *found = context;
  if (tap->session == found->session && !atomic_load(&tap->is_closed)) found->others++;
  return true;
}

void attach_remove(struct tap *tap) {
  switch_core_session_t *session = switch_core_session_force_locate(tap->uuid);
  if (session && session == tap->session) {
    struct found found = {.session = session};
    registry_each(count_others, &found);
    if (!atomic_load(&tap->is_closed)) remove_bug(session, atomic_load(&tap->bug), found.others <= 1);
  } else {
    /* The channel has another name by now, or is about to go. */
    atomic_store(&tap->wants_prune, true);
  }
  if (session) switch_core_session_rwunlock(session);
}

/* Taps that are being put on count too: their bug is about to be. */
static bool unwant(struct tap *tap, void *context) {
  int *open = context;
  if (atomic_load(&tap->is_closed)) return true;
  tap_give_reason(tap, REASON_UNLOAD);
  atomic_store(&tap->is_unwanted, true);
  (*open)++;
  return true;
}

bool attach_remove_all(uint32_t most_ms) {
  const uint64_t by_us = tap_now_us() + (uint64_t)most_ms * 1000;
  const struct timespec moment = {0, 5000000};
  for (;;) {
    int open = 0;
    registry_each(unwant, &open);
    if (open == 0) return true;
    if (tap_now_us() > by_us) return false;
    nanosleep(&moment, NULL);
  }
}
