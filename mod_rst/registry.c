#include "registry.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tap *first;
static bool is_open;

static void set_open(bool open) {
  pthread_mutex_lock(&lock);
  is_open = open;
  pthread_mutex_unlock(&lock);
}

void registry_open(void) {
  set_open(true);
}

void registry_close(void) {
  set_open(false);
}

/* Runs, and is not about to end. */
static bool is_live(const struct tap *tap) {
  const enum tap_state state = atomic_load(&tap->state);
  return !atomic_load(&tap->is_closed) && !atomic_load(&tap->is_deaf) && state != TAP_ENDING && state != TAP_ENDED;
}

static enum claim judge(const struct tap *tap) {
  if (!is_open) return CLAIM_IS_CLOSED;
  for (const struct tap *other = first; other; other = other->next_registered) {
    if (other->session != tap->session || !is_live(other)) continue;
    if (!tap->settings.also || !strcmp(other->target, tap->target)) return CLAIM_IS_RUNNING;
  }
  return CLAIMED;
}

enum claim registry_claim(struct tap *tap) {
  pthread_mutex_lock(&lock);
  const enum claim claim = judge(tap);
  if (claim == CLAIMED) {
    struct tap **last = &first;
    while (*last) last = &(*last)->next_registered;
    tap->next_registered = NULL;
    *last = tap;
  }
  pthread_mutex_unlock(&lock);
  return claim;
}

void registry_remove(struct tap *tap) {
  pthread_mutex_lock(&lock);
  for (struct tap **at = &first; *at; at = &(*at)->next_registered)
    if (*at == tap) {
      *at = tap->next_registered;
      break;
    }
  pthread_mutex_unlock(&lock);
}

void registry_each(bool (*visit)(struct tap *tap, void *context), void *context) {
  pthread_mutex_lock(&lock);
  for (struct tap *tap = first; tap && visit(tap, context); tap = tap->next_registered) continue;
  pthread_mutex_unlock(&lock);
}
