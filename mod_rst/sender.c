#include "sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "steward.h"
#include "talk.h"

/* How long audio waits in its ring at the most. While there are no taps nothing runs. */
#define STEP_MS 5
#define MOST_EVENTS 128

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock: taps that the thread has not seen yet. */
static struct tap *incoming;
static uint64_t stop_by_us;
static int epoll_fd = -1;
static int wake_fd = -1;
/* The thread's own. */
static struct tap *taps;

static void wake(void) {
  const uint64_t one = 1;
  while (write(wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

static void watch(struct tap *tap) {
  for (int i = 0; i < LEGS; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &tap->legs[i]};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, tap->legs[i].fd, &event);
  }
}

/* Returns when to have ended, 0 for not at all. */
static uint64_t take_incoming(void) {
  pthread_mutex_lock(&lock);
  struct tap *tap = incoming;
  incoming = NULL;
  const uint64_t by_us = stop_by_us;
  pthread_mutex_unlock(&lock);
  while (tap) {
    struct tap *next = tap->next_of_sender;
    tap->next_of_sender = taps;
    taps = tap;
    watch(tap);
    tap = next;
  }
  return by_us;
}

static void hear(int wait_ms) {
  struct epoll_event events[MOST_EVENTS];
  const int count = epoll_wait(epoll_fd, events, MOST_EVENTS, wait_ms);
  const uint64_t now_us = tap_now_us();
  for (int i = 0; i < count; i++) {
    struct leg *leg = events[i].data.ptr;
    uint64_t woken;
    if (leg) talk_receive(leg, now_us);
    else if (read(wake_fd, &woken, sizeof woken) < 0) continue;
  }
}

/* True where the tap is the steward's from now on. */
static bool has_ended(struct tap *tap) {
  if (atomic_load(&tap->state) != TAP_ENDED) return false;
  if (!tap->has_said_stop) {
    tap->has_said_stop = true;
    tap_close_sockets(tap);
    steward_say(tap, SAY_STOP, "");
  }
  return atomic_load(&tap->is_closed);
}

/*
 * The channel was tapped to the same place before, and that has not been said to be over. The server would
 * take the new tap for a second one beside it.
 */
static bool has_to_wait(const struct tap *tap) {
  if (tap->phase_us != 0) return false;
  for (const struct tap *other = taps; other; other = other->next_of_sender)
    if (other->started_us < tap->started_us && atomic_load(&other->is_closed) &&
        atomic_load(&other->state) != TAP_ENDED && !strcmp(other->uuid, tap->uuid) &&
        !strcmp(other->target, tap->target))
      return true;
  return false;
}

static void step(bool is_last) {
  const uint64_t now_us = tap_now_us();
  for (struct tap **at = &taps; *at;) {
    struct tap *tap = *at;
    if (atomic_load(&tap->state) != TAP_ENDED && !has_to_wait(tap)) talk_step(tap, now_us);
    if (is_last) atomic_store(&tap->state, TAP_ENDED);
    if (has_ended(tap)) {
      *at = tap->next_of_sender;
      steward_bury(tap);
    } else {
      at = &tap->next_of_sender;
    }
  }
}

static void *run(void *unused) {
  (void)unused;
  for (;;) {
    const uint64_t stop_us = take_incoming();
    const bool is_last = stop_us && tap_now_us() >= stop_us;
    step(is_last);
    if (is_last || (stop_us && !taps)) return NULL;
    hear(taps || stop_us ? STEP_MS : -1);
  }
}

bool sender_start(void) {
  stop_by_us = 0;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_fd >= 0 && wake_fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) == 0 &&
      pthread_create(&thread, NULL, run, NULL) == 0) {
    pthread_setname_np(thread, "rst-sender");
    return true;
  }
  if (epoll_fd >= 0) close(epoll_fd);
  if (wake_fd >= 0) close(wake_fd);
  return false;
}

void sender_add(struct tap *tap) {
  pthread_mutex_lock(&lock);
  tap->next_of_sender = incoming;
  incoming = tap;
  pthread_mutex_unlock(&lock);
  wake();
}

bool sender_stop(uint32_t most_ms) {
  pthread_mutex_lock(&lock);
  stop_by_us = tap_now_us() + (uint64_t)most_ms * 1000;
  pthread_mutex_unlock(&lock);
  wake();
  pthread_join(thread, NULL);
  close(epoll_fd);
  close(wake_fd);
  return taps == NULL;
}
