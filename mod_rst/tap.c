#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t tap_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

enum tap_state tap_next(enum tap_state state, enum tap_event event) {
  switch (event) {
    case TAP_ACKED:
      return state == TAP_INVITING || state == TAP_SEEKING ? TAP_SENDING : state;
    case TAP_UNANSWERED:
      return state == TAP_INVITING ? TAP_SEEKING : state;
    case TAP_REFUSED:
      return state == TAP_SENDING ? TAP_SEEKING : state;
    case TAP_GAVE_UP:
    case TAP_IS_OVER:
      return state == TAP_ENDED ? state : TAP_ENDING;
    case TAP_BYE_CAME:
      return TAP_ENDED;
    case TAP_BYE_IS_DONE:
      return state == TAP_ENDING ? TAP_ENDED : state;
  }
  return state;
}

const char *tap_state_name(enum tap_state state) {
  static const char *const names[] = {"inviting", "sending", "seeking", "ending", "ended"};
  return names[state];
}

const char *tap_reason_name(enum tap_reason reason) {
  static const char *const names[] = {"", "hangup", "stopped", "server", "no-ack", "unload"};
  return names[reason];
}

void tap_give_reason(struct tap *tap, enum tap_reason reason) {
  enum tap_reason none = REASON_NONE;
  atomic_compare_exchange_strong(&tap->reason, &none, reason);
}

/* An address from its text; the length of the structure, 0 where it is none. */
static socklen_t parse_address(const char *ip, uint16_t port, struct sockaddr_storage *address) {
  memset(address, 0, sizeof *address);
  struct sockaddr_in *v4 = (struct sockaddr_in *)address;
  if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
  if (inet_pton(AF_INET6, ip, &v6->sin6_addr) != 1) return 0;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return sizeof *v6;
}

static uint16_t port_of(const struct sockaddr_storage *address) {
  return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                              : ((const struct sockaddr_in *)address)->sin_port);
}

static bool try_bind(int fd, const struct tap *tap, uint16_t port) {
  const char *any = tap->server.ss_family == AF_INET6 ? "::" : "0.0.0.0";
  const char *ip = *tap->settings.local_ip ? tap->settings.local_ip : any;
  struct sockaddr_storage local;
  const socklen_t size = parse_address(ip, port, &local);
  return size > 0 && bind(fd, (struct sockaddr *)&local, size) == 0;
}

static bool bind_somewhere(int fd, const struct tap *tap) {
  const uint16_t first = tap->settings.local_port_min;
  if (first == 0) return try_bind(fd, tap, 0);
  /* Not always from the first on, so that taps that come together don't try one after the other's. */
  static _Atomic uint32_t next = 0;
  const uint32_t count = (uint32_t)tap->settings.local_port_max - first + 1;
  for (uint32_t i = 0; i < count; i++) {
    const uint16_t port = (uint16_t)(first + atomic_fetch_add(&next, 1) % count);
    if (try_bind(fd, tap, port)) return true;
    if (errno != EADDRINUSE) return false;
  }
  return false;
}

static bool open_socket(struct leg *leg, const struct tap *tap) {
  const int family = tap->server.ss_family;
  leg->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (leg->fd < 0 || !bind_somewhere(leg->fd, tap)) return false;
  /* "Port unreachable" becomes an error of the next call, which is how a server is known to have gone. */
  const int on = 1;
  if (family == AF_INET6) setsockopt(leg->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  else setsockopt(leg->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  struct sockaddr_storage own;
  socklen_t size = sizeof own;
  if (getsockname(leg->fd, (struct sockaddr *)&own, &size) != 0) return false;
  leg->local_port = port_of(&own);
  return true;
}

void tap_close_sockets(struct tap *tap) {
  for (int i = 0; i < LEGS; i++) {
    if (tap->legs[i].fd >= 0) close(tap->legs[i].fd);
    tap->legs[i].fd = -1;
  }
}

void tap_free(struct tap *tap) {
  tap_close_sockets(tap);
  for (int i = 0; i < LEGS; i++) ear_close(&tap->legs[i].ear);
  free(tap);
}

static bool open_legs(struct tap *tap, char *error) {
  const struct settings *settings = &tap->settings;
  for (int i = 0; i < LEGS; i++) {
    struct leg *leg = &tap->legs[i];
    if (!ear_open(&leg->ear, settings->mode, tap->rate_hz, settings->buffer_ms)) {
      snprintf(error, SETTINGS_ERROR_MAX, "there is no memory for a tap");
      return false;
    }
    if (!open_socket(leg, tap)) {
      snprintf(error, SETTINGS_ERROR_MAX, "no UDP port could be bound: %s", strerror(errno));
      return false;
    }
  }
  return true;
}

struct tap *tap_open(const struct tap_call *call, const struct settings *settings, char error[SETTINGS_ERROR_MAX]) {
  struct tap *tap = calloc(1, sizeof *tap);
  if (!tap) {
    snprintf(error, SETTINGS_ERROR_MAX, "there is no memory for a tap");
    return NULL;
  }
  for (int i = 0; i < LEGS; i++) {
    tap->legs[i].tap = tap;
    tap->legs[i].flag = i == LEG_READ ? 'R' : 'W';
    tap->legs[i].fd = -1;
  }
  tap->settings = *settings;
  tap->rate_hz = call->rate_hz;
  tap->ptime_ms = call->ptime_ms;
  tap->started_us = tap_now_us();
  snprintf(tap->uuid, sizeof tap->uuid, "%s", call->uuid);
  snprintf(tap->caller, sizeof tap->caller, "%s", call->caller ? call->caller : "");
  snprintf(tap->callee, sizeof tap->callee, "%s", call->callee ? call->callee : "");
  const bool is_v6 = strchr(settings->ip, ':') != NULL;
  snprintf(tap->target, sizeof tap->target, is_v6 ? "[%s]:%u" : "%s:%u", settings->ip, settings->port);
  tap->server_size = parse_address(settings->ip, settings->port, &tap->server);
  if (!open_legs(tap, error)) {
    tap_free(tap);
    return NULL;
  }
  return tap;
}
