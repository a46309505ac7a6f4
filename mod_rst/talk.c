#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>
#include <sys/uio.h>

#include "steward.h"

#define FIRST_WAIT_US 100000
/* Between the INVs to a server that has gone, or that never answered. */
#define GONE_WAIT_US 1000000
#define MOST_GONE_WAIT_US 2000000
#define MOST_DEAF_WAIT_US 30000000
/* INVs to a server that answered once, before it is said that it does not any more. */
#define MOST_UNANSWERED 3
/* Of one leg in one step, so that a burst of one tap is no wait for the others. */
#define MOST_PACKETS_A_STEP 400

static void enter(struct tap *tap, enum tap_event event) {
  atomic_store(&tap->state, tap_next(atomic_load(&tap->state), event));
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  if (a->ss_family != b->ss_family) return false;
  if (a->ss_family == AF_INET)
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
  return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr,
                 sizeof(struct in6_addr));
}

static void set_port(struct sockaddr_storage *address, uint16_t port) {
  if (address->ss_family == AF_INET6) ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
  else ((struct sockaddr_in *)address)->sin_port = htons(port);
}

/* "Port unreachable": nobody listens there. */
static void note_refusal(struct tap *tap, uint64_t now_us) {
  tap->is_refused = true;
  if (atomic_load(&tap->state) != TAP_SENDING) return;
  enter(tap, TAP_REFUSED);
  steward_say(tap, SAY_ERROR, "the server has gone");
  tap->phase_us = now_us;
  /* Not at the pace of the network, where control messages get through and audio does not. */
  tap->due_us = now_us > tap->acked_us + GONE_WAIT_US ? now_us : now_us + GONE_WAIT_US;
  tap->wait_us = GONE_WAIT_US;
  tap->has_acked = false;
}

static bool is_refusal(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN;
}

static bool send_parts(struct leg *leg, const struct sockaddr_storage *to, struct iovec *parts, int count) {
  struct tap *tap = leg->tap;
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
  message.msg_name = (void *)to;
  message.msg_namelen = tap->server_size;
  if (sendmsg(leg->fd, &message, MSG_NOSIGNAL) >= 0) return true;
  /* The error is that of a packet before. */
  if (!is_refusal(errno)) return false;
  note_refusal(tap, tap_now_us());
  return sendmsg(leg->fd, &message, MSG_NOSIGNAL) >= 0;
}

/* Control messages leave from the port of R. */
static void send_control(struct tap *tap, const struct sockaddr_storage *to, char *bytes, size_t size) {
  struct iovec part = {bytes, size};
  send_parts(&tap->legs[LEG_READ], to, &part, 1);
}

static void send_inv(struct tap *tap) {
  char bytes[WIRE_CONTROL_MAX];
  const struct wire_inv inv = {
      .uuid = tap->uuid,
      .caller = tap->caller,
      .callee = tap->callee,
      .read_port = tap->legs[LEG_READ].local_port,
      .write_port = tap->legs[LEG_WRITE].local_port,
      .offers_seq = tap->settings.extension,
      .ptime_ms = tap->ptime_ms,
      .rate_hz = tap->rate_hz,
      .box = tap->settings.box,
  };
  atomic_fetch_add(&tap->invites, 1);
  send_control(tap, &tap->server, bytes, wire_format_inv(bytes, &inv));
}

static void send_bye(struct tap *tap) {
  char bytes[WIRE_CONTROL_MAX];
  send_control(tap, &tap->server, bytes, wire_format_bye(bytes, tap->uuid));
}

static void send_frame(struct leg *leg, const struct frame *frame) {
  struct tap *tap = leg->tap;
  char head[WIRE_HEAD_MAX];
  struct wire_number number;
  const bool is_numbered = atomic_load(&tap->is_numbered);
  if (is_numbered) number = (struct wire_number){leg->seq, media_clock_place(&leg->clock, &frame->heard)};
  const size_t size = wire_format_data_head(head, tap->uuid, leg->flag, frame->payload_type, frame->size,
                                            is_numbered ? &number : NULL);
  struct iovec parts[2] = {{head, size}, {(void *)frame->bytes, frame->size}};
  if (!send_parts(leg, &leg->to, parts, 2)) {
    atomic_fetch_add(&leg->discarded, 1);
    return;
  }
  leg->seq++;
  atomic_fetch_add(&leg->packets, 1);
  atomic_fetch_add(&leg->bytes, frame->size);
}

static void send_audio(struct tap *tap) {
  struct frame frame;
  for (int i = 0; i < LEGS; i++) {
    struct leg *leg = &tap->legs[i];
    for (int n = 0; n < MOST_PACKETS_A_STEP && frame_ring_peek(&leg->ear.ring, &frame); n++) {
      send_frame(leg, &frame);
      frame_ring_pop(&leg->ear.ring);
      /* It has just been seen that nobody is there: the rest is kept. */
      if (atomic_load(&tap->state) == TAP_SEEKING && tap->is_refused) return;
    }
  }
}

/* Of what waits for a server no more is kept than was said. */
static void discard_old(struct tap *tap, uint64_t now_us) {
  const uint64_t most_us = (uint64_t)tap->settings.buffer_ms * 1000;
  struct frame frame;
  for (int i = 0; i < LEGS; i++) {
    struct leg *leg = &tap->legs[i];
    while (frame_ring_peek(&leg->ear.ring, &frame) && frame.heard.at_us + most_us < now_us) {
      frame_ring_pop(&leg->ear.ring);
      atomic_fetch_add(&leg->discarded, 1);
      tap->discarded_early = true;
    }
  }
}

static bool is_drained(struct tap *tap) {
  struct frame frame;
  return !frame_ring_peek(&tap->legs[LEG_READ].ear.ring, &frame) &&
         !frame_ring_peek(&tap->legs[LEG_WRITE].ear.ring, &frame);
}

/* TS 0: the first INV, unless what was heard since then is no longer there. */
static uint64_t origin_of(struct tap *tap) {
  uint64_t oldest_us = UINT64_MAX;
  struct frame frame;
  for (int i = 0; i < LEGS; i++) {
    if (!frame_ring_peek(&tap->legs[i].ear.ring, &frame)) continue;
    const uint64_t lasts_us = (uint64_t)frame.heard.samples * 1000000 / frame.heard.rate_hz;
    if (frame.heard.at_us - lasts_us < oldest_us) oldest_us = frame.heard.at_us - lasts_us;
  }
  if (!tap->discarded_early) return tap->phase_us;
  return oldest_us == UINT64_MAX ? tap_now_us() : oldest_us;
}

/* Where both legs go from now on, and by which numbers. */
static void route(struct tap *tap, uint16_t read_port, uint16_t write_port, bool is_numbered) {
  const uint64_t origin_us = origin_of(tap);
  for (int i = 0; i < LEGS; i++) {
    struct leg *leg = &tap->legs[i];
    const uint16_t port = i == LEG_READ ? read_port : write_port;
    leg->to = tap->server;
    if (port != 0) set_port(&leg->to, port);
    leg->seq = 0;
    media_clock_begin(&leg->clock, origin_us);
  }
  atomic_store(&tap->server_read_port, read_port);
  atomic_store(&tap->server_write_port, write_port);
  atomic_store(&tap->is_numbered, is_numbered);
}

static void announce(struct tap *tap, const char *text) {
  steward_say(tap, SAY_START, tap->was_announced ? "the server is back" : text);
  tap->was_announced = true;
}

/* The next time that the server is asked whether it is there; never, where it would not understand. */
static void plan_keepalive(struct tap *tap, uint64_t now_us) {
  const bool asks = atomic_load(&tap->is_numbered) && tap->settings.keepalive_ms > 0;
  tap->due_us = asks ? now_us + (uint64_t)tap->settings.keepalive_ms * 1000 : UINT64_MAX;
}

static void acked(struct tap *tap, const struct wire_answer *answer, uint64_t now_us) {
  const enum tap_state state = atomic_load(&tap->state);
  const bool is_numbered = answer->accepts_seq && tap->settings.extension;
  tap->unanswered = 0;
  tap->is_silent_noted = false;
  if (state == TAP_ENDING) {
    /* One with ports is a late answer to an INV. */
    if (answer->read_port == 0) enter(tap, TAP_BYE_IS_DONE);
    return;
  }
  const bool is_known = tap->has_acked && answer->read_port == atomic_load(&tap->server_read_port) &&
                        answer->write_port == atomic_load(&tap->server_write_port) &&
                        is_numbered == atomic_load(&tap->is_numbered);
  if (state == TAP_SENDING && is_known) return;
  /* Other ports than before: it is another server that has taken the place. */
  if (state == TAP_SENDING) {
    tap->phase_us = now_us;
    tap->discarded_early = false;
  }
  tap->has_acked = true;
  tap->acked_us = now_us;
  tap->is_refused = false;
  route(tap, answer->read_port, answer->write_port, is_numbered);
  tap->discarded_early = false;
  enter(tap, TAP_ACKED);
  plan_keepalive(tap, now_us);
  announce(tap, "the server has answered");
}

/* Has the tap taken off its channel, once. */
static void take_off(struct tap *tap) {
  if (tap->is_coming_off || atomic_load(&tap->is_closed)) return;
  tap->is_coming_off = true;
  steward_remove(tap);
}

static void bye_came(struct tap *tap, const struct sockaddr_storage *from) {
  char bytes[WIRE_CONTROL_MAX];
  send_control(tap, from, bytes, wire_format_ack(bytes, tap->uuid));
  tap_give_reason(tap, REASON_SERVER);
  atomic_store(&tap->is_deaf, true);
  enter(tap, TAP_BYE_CAME);
  take_off(tap);
}

static bool names_refusal(struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    const bool is_v4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR;
    const bool is_v6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR;
    struct sock_extended_err error;
    if (!is_v4 && !is_v6) continue;
    memcpy(&error, CMSG_DATA(part), sizeof error);
    if (is_refusal((int)error.ee_errno)) return true;
  }
  return false;
}

/* Empties the socket's queue of errors; true where one says that nobody listens. */
static bool read_errors(struct leg *leg) {
  bool has_refusal = false;
  char bytes[256];
  _Alignas(struct cmsghdr) char control[512];
  for (;;) {
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(leg->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    has_refusal = names_refusal(&message) || has_refusal;
  }
  return has_refusal;
}

void talk_receive(struct leg *leg, uint64_t now_us) {
  struct tap *tap = leg->tap;
  char bytes[WIRE_CONTROL_MAX + 64];
  /* Nobody can keep the sender here by flooding one tap. */
  for (int n = 0; n < 32 && leg->fd >= 0; n++) {
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    const ssize_t size = recvfrom(leg->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
    if (size < 0) {
      const bool says_so = is_refusal(errno);
      if (!read_errors(leg) && !says_so) return;
      note_refusal(tap, now_us);
      continue;
    }
    struct wire_answer answer;
    if (!same_address(&from, &tap->server)) continue;
    if (!wire_parse(bytes, (size_t)size, &answer) || strcmp(answer.uuid, tap->uuid)) continue;
    if (atomic_load(&tap->state) == TAP_ENDED) continue;
    if (answer.verb == WIRE_BYE) bye_came(tap, &from);
    else acked(tap, &answer, now_us);
  }
}

static void begin(struct tap *tap, uint64_t now_us) {
  tap->phase_us = now_us;
  tap->due_us = now_us;
  tap->wait_us = FIRST_WAIT_US;
}

static void give_up(struct tap *tap) {
  tap_give_reason(tap, REASON_NO_ACK);
  steward_say(tap, SAY_ERROR, tap->is_refused ? "nobody listens at the server's port" : "the server has not answered");
  atomic_store(&tap->is_deaf, true);
  enter(tap, TAP_GAVE_UP);
  take_off(tap);
}

static void unanswered(struct tap *tap, uint64_t now_us) {
  if (tap->settings.no_ack == NO_ACK_STOP) {
    give_up(tap);
    return;
  }
  steward_say(tap, SAY_ERROR,
              tap->is_refused ? "nobody listens at the server's port; inviting on"
                              : "the server has not answered; sending to its control port");
  route(tap, 0, 0, false);
  enter(tap, TAP_UNANSWERED);
  tap->due_us = now_us;
  tap->wait_us = GONE_WAIT_US;
}

static void step_inviting(struct tap *tap, uint64_t now_us) {
  if (tap->phase_us == 0) begin(tap, now_us);
  if (now_us >= tap->due_us && tap->tries <= tap->settings.retransmits) {
    tap->tries++;
    tap->due_us = now_us + tap->wait_us;
    tap->wait_us *= 2;
    send_inv(tap);
  }
  if (now_us >= tap->phase_us + (uint64_t)tap->settings.ack_timeout_ms * 1000) unanswered(tap, now_us);
  else discard_old(tap, now_us);
}

static void step_seeking(struct tap *tap, uint64_t now_us) {
  if (now_us >= tap->due_us) {
    const uint64_t most_us = tap->is_refused ? MOST_GONE_WAIT_US : MOST_DEAF_WAIT_US;
    if (tap->wait_us > most_us) tap->wait_us = most_us;
    tap->due_us = now_us + tap->wait_us;
    tap->wait_us *= 2;
    send_inv(tap);
  }
  if (tap->is_refused) discard_old(tap, now_us);
  else send_audio(tap);
}

static void step_sending(struct tap *tap, uint64_t now_us) {
  if (now_us >= tap->due_us) {
    if (tap->unanswered++ >= MOST_UNANSWERED && !tap->is_silent_noted) {
      tap->is_silent_noted = true;
      steward_say(tap, SAY_ERROR, "the server does not answer any more; sending on");
    }
    plan_keepalive(tap, now_us);
    send_inv(tap);
  }
  send_audio(tap);
}

static void step_ending(struct tap *tap, uint64_t now_us) {
  if (tap->tries <= tap->settings.retransmits && now_us >= tap->due_us) {
    tap->tries++;
    tap->due_us = now_us + tap->wait_us;
    tap->wait_us *= 2;
    send_bye(tap);
  }
  if (now_us >= tap->phase_us + (uint64_t)tap->settings.ack_timeout_ms * 1000) enter(tap, TAP_BYE_IS_DONE);
}

/* The bug is closed: true once what it has heard is said, or can't be. */
static bool is_over(struct tap *tap) {
  switch (atomic_load(&tap->state)) {
    case TAP_INVITING:
      /* A short call: its ACK may be on the way. */
      return false;
    case TAP_SENDING:
      return is_drained(tap);
    case TAP_SEEKING:
      return tap->is_refused || is_drained(tap);
    default:
      return false;
  }
}

static void note_trouble(struct tap *tap) {
  for (int i = 0; i < LEGS; i++) {
    struct ear *ear = &tap->legs[i].ear;
    if (!atomic_load(&ear->has_trouble)) continue;
    char text[96];
    snprintf(text, sizeof text, "%s can be neither decoded nor sent as it is", ear->trouble);
    atomic_store(&ear->has_trouble, 0);
    steward_say(tap, SAY_ERROR, text);
  }
}

void talk_step(struct tap *tap, uint64_t now_us) {
  const enum tap_state before = atomic_load(&tap->state);
  const bool is_closed = atomic_load(&tap->is_closed);
  note_trouble(tap);
  if (atomic_load(&tap->is_unwanted)) take_off(tap);
  if (before == TAP_INVITING) step_inviting(tap, now_us);
  else if (before == TAP_SENDING) step_sending(tap, now_us);
  else if (before == TAP_SEEKING) step_seeking(tap, now_us);
  if (is_closed && is_over(tap)) enter(tap, TAP_IS_OVER);
  if (atomic_load(&tap->state) == TAP_ENDING) {
    if (before != TAP_ENDING) {
      tap->tries = 0;
      begin(tap, now_us);
    }
    step_ending(tap, now_us);
  }
}
