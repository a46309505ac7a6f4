/*
 * One tap of one channel: what it is, and how it lives.
 *
 *                      ACK                    audio is over
 *   INVITING ──────────────────► SENDING ───────────────────► ENDING ──── ACK, or nobody ───► ENDED
 *      │  └─ nobody ─► SEEKING ──────┴── BYE of the server ─────┴───────────────────────────────┘
 *      │                 ▲  │
 *      │                 └──┘ the server has gone, and is invited anew
 *
 * Three threads have a part in it, and each has fields of its own:
 *
 *   media     FreeSWITCH's, that of the call: fills the rings
 *   sender    ours, the only one with sockets: everything else
 *   steward   ours: calls FreeSWITCH for the sender, so that the sender never waits for it
 *
 * A tap is freed by the steward, once the sender has ENDED it and FreeSWITCH has closed its media bug.
 */
#ifndef RST_TAP_H
#define RST_TAP_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <switch.h>
#include <sys/socket.h>

#include "ear.h"
#include "media_clock.h"
#include "settings.h"
#include "wire.h"

#define TAP_NAME_MAX 256
/* "[" IPv6 "]:65535" */
#define TAP_TARGET_MAX 80

enum tap_state { TAP_INVITING, TAP_SENDING, TAP_SEEKING, TAP_ENDING, TAP_ENDED };

enum tap_event {
  TAP_ACKED,
  TAP_UNANSWERED,
  TAP_REFUSED,
  TAP_GAVE_UP,
  TAP_IS_OVER,
  TAP_BYE_CAME,
  TAP_BYE_IS_DONE,
};

/* Why it ends; the first one that is said counts. */
enum tap_reason { REASON_NONE, REASON_HANGUP, REASON_STOPPED, REASON_SERVER, REASON_NO_ACK, REASON_UNLOAD };

enum { LEG_READ, LEG_WRITE, LEGS };

struct tap;

struct leg {
  struct tap *tap;
  char flag;
  struct ear ear;

  /* Sender only. */
  int fd;
  uint16_t local_port;
  struct sockaddr_storage to;
  struct media_clock clock;
  uint32_t seq;

  _Atomic uint64_t packets;
  _Atomic uint64_t bytes;
  /* Were kept for too long, or could not be sent. */
  _Atomic uint64_t discarded;
};

struct tap {
  /* Fixed once it runs. */
  char uuid[WIRE_UUID_MAX + 1];
  char caller[TAP_NAME_MAX];
  char callee[TAP_NAME_MAX];
  char target[TAP_TARGET_MAX];
  struct settings settings;
  struct sockaddr_storage server;
  socklen_t server_size;
  uint32_t rate_hz;
  uint32_t ptime_ms;
  uint64_t started_us;
  /* The first to know the session by, the second to be removed from it: good while it is locked. */
  const switch_core_session_t *session;
  _Atomic(switch_media_bug_t *) bug;

  struct leg legs[LEGS];

  /* FreeSWITCH has closed the bug: the media thread never comes again. */
  atomic_bool is_closed;
  /* Asks the media thread to drop the bug with its next frame. */
  atomic_bool wants_prune;
  /* Nobody wants the frames any more. */
  atomic_bool is_deaf;
  /* It has to come off its channel. */
  atomic_bool is_unwanted;
  _Atomic enum tap_reason reason;

  /* Written by the sender. */
  _Atomic enum tap_state state;
  _Atomic uint16_t server_read_port;
  _Atomic uint16_t server_write_port;
  atomic_bool is_numbered;
  _Atomic uint64_t invites;

  /* Sender only. */
  bool was_announced;
  bool is_refused;
  bool discarded_early;
  bool has_acked;
  bool is_silent_noted;
  bool is_coming_off;
  bool has_said_stop;
  /* Since when it is in its state, when it is due to say something again, and after how long the next time. */
  uint64_t phase_us;
  uint64_t due_us;
  uint64_t wait_us;
  uint64_t acked_us;
  uint32_t tries;
  uint32_t unanswered;
  struct tap *next_of_sender;

  /* Under the registry's lock. */
  struct tap *next_registered;
};

/* What every tap of a channel is made of. */
struct tap_call {
  const char *uuid;
  const char *caller;
  const char *callee;
  uint32_t rate_hz;
  uint32_t ptime_ms;
};

/* With its sockets bound; NULL, and a sentence, where that can't be. */
struct tap *tap_open(const struct tap_call *call, const struct settings *settings, char error[SETTINGS_ERROR_MAX]);

/* Only where neither FreeSWITCH nor the sender has it any more. */
void tap_free(struct tap *tap);

void tap_close_sockets(struct tap *tap);

/* The legal transitions; pure. */
enum tap_state tap_next(enum tap_state state, enum tap_event event);

const char *tap_state_name(enum tap_state state);
const char *tap_reason_name(enum tap_reason reason);

/* Says why it ends, unless that has been said. */
void tap_give_reason(struct tap *tap, enum tap_reason reason);

uint64_t tap_now_us(void);

#endif
