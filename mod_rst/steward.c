#include "steward.h"

#include <pthread.h>
#include <stdlib.h>

#include "attach.h"
#include "registry.h"

enum kind { ORDER_SAY, ORDER_REMOVE, ORDER_BURY };

struct said {
  enum say what;
  char text[128];
  char uuid[WIRE_UUID_MAX + 1];
  char target[TAP_TARGET_MAX];
  char mode[8];
  char reason[16];
  bool is_numbered;
  unsigned local_ports[LEGS];
  unsigned server_ports[LEGS];
  uint64_t packets[LEGS];
  uint64_t lost[LEGS];
  uint64_t lasted_ms;
};

struct order {
  enum kind kind;
  struct tap *tap;
  struct said said;
  struct order *next;
};

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct order *first;
static struct order **last = &first;
static bool is_stopping;

static void give(struct order *order) {
  pthread_mutex_lock(&lock);
  order->next = NULL;
  *last = order;
  last = &order->next;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
}

static struct order *take(void) {
  pthread_mutex_lock(&lock);
  while (!first && !is_stopping) pthread_cond_wait(&wake, &lock);
  struct order *order = first;
  if (order) first = order->next;
  if (!first) last = &first;
  pthread_mutex_unlock(&lock);
  return order;
}

void steward_say(const struct tap *tap, enum say what, const char *text) {
  struct order *order = calloc(1, sizeof *order);
  if (!order) return;
  struct said *said = &order->said;
  order->kind = ORDER_SAY;
  said->what = what;
  snprintf(said->text, sizeof said->text, "%s", text);
  snprintf(said->uuid, sizeof said->uuid, "%s", tap->uuid);
  snprintf(said->target, sizeof said->target, "%s", tap->target);
  snprintf(said->mode, sizeof said->mode, "%s", tap->settings.mode == MODE_L16 ? "l16" : "native");
  snprintf(said->reason, sizeof said->reason, "%s", tap_reason_name(atomic_load(&tap->reason)));
  said->is_numbered = atomic_load(&tap->is_numbered);
  said->server_ports[LEG_READ] = atomic_load(&tap->server_read_port);
  said->server_ports[LEG_WRITE] = atomic_load(&tap->server_write_port);
  said->lasted_ms = (tap_now_us() - tap->started_us) / 1000;
  for (int i = 0; i < LEGS; i++) {
    const struct leg *leg = &tap->legs[i];
    said->local_ports[i] = leg->local_port;
    said->packets[i] = atomic_load(&leg->packets);
    said->lost[i] = atomic_load(&leg->discarded) + atomic_load(&leg->ear.overflows);
  }
  give(order);
}

static void give_tap(struct tap *tap, enum kind kind) {
  struct order *order = calloc(1, sizeof *order);
  if (!order) return;
  order->kind = kind;
  order->tap = tap;
  give(order);
}

void steward_remove(struct tap *tap) {
  give_tap(tap, ORDER_REMOVE);
}

void steward_bury(struct tap *tap) {
  give_tap(tap, ORDER_BURY);
}

static void add_text(switch_event_t *event, const char *name, const char *value) {
  if (*value) switch_event_add_header_string(event, SWITCH_STACK_BOTTOM, name, value);
}

static void fire(const struct said *said) {
  static const char *const names[] = {EVENT_START, EVENT_STOP, EVENT_ERROR};
  switch_event_t *event;
  if (switch_event_create_subclass(&event, SWITCH_EVENT_CUSTOM, names[said->what]) != SWITCH_STATUS_SUCCESS) return;
  add_text(event, "Unique-ID", said->uuid);
  add_text(event, "RST-Destination", said->target);
  add_text(event, "RST-Mode", said->mode);
  add_text(event, "RST-Reason", said->what == SAY_STOP ? said->reason : said->text);
  switch_event_add_header(event, SWITCH_STACK_BOTTOM, "RST-Local-Ports", "%u %u", said->local_ports[0],
                          said->local_ports[1]);
  if (said->server_ports[0])
    switch_event_add_header(event, SWITCH_STACK_BOTTOM, "RST-Server-Ports", "%u %u", said->server_ports[0],
                            said->server_ports[1]);
  add_text(event, "RST-Numbered", said->is_numbered ? "true" : "false");
  switch_event_add_header(event, SWITCH_STACK_BOTTOM, "RST-Packets", "%llu %llu",
                          (unsigned long long)said->packets[0], (unsigned long long)said->packets[1]);
  switch_event_add_header(event, SWITCH_STACK_BOTTOM, "RST-Packets-Discarded", "%llu %llu",
                          (unsigned long long)said->lost[0], (unsigned long long)said->lost[1]);
  switch_event_add_header(event, SWITCH_STACK_BOTTOM, "RST-Milliseconds", "%llu", (unsigned long long)said->lasted_ms);
  switch_event_fire(&event);
}

static void log_said(const struct said *said) {
  static const char *const words[] = {"tap starts", "tap ends", "tap is in trouble"};
  const switch_log_level_t level = said->what == SAY_ERROR ? SWITCH_LOG_WARNING : SWITCH_LOG_INFO;
  switch_log_printf(SWITCH_CHANNEL_UUID_LOG(said->uuid), level, "rst: %s, to %s: %s (%llu and %llu packets sent)\n",
                    words[said->what], said->target, said->what == SAY_STOP ? said->reason : said->text,
                    (unsigned long long)said->packets[0], (unsigned long long)said->packets[1]);
}

static void bury(struct tap *tap) {
  registry_remove(tap);
  tap_free(tap);
}

static void *run(void *unused) {
  (void)unused;
  for (struct order *order; (order = take()) != NULL; free(order)) {
    if (order->kind == ORDER_REMOVE) {
      attach_remove(order->tap);
    } else if (order->kind == ORDER_BURY) {
      bury(order->tap);
    } else {
      log_said(&order->said);
      fire(&order->said);
    }
  }
  return NULL;
}

bool steward_start(void) {
  is_stopping = false;
  if (pthread_create(&thread, NULL, run, NULL) != 0) return false;
  pthread_setname_np(thread, "rst-steward");
  return true;
}

void steward_stop(void) {
  pthread_mutex_lock(&lock);
  is_stopping = true;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
  pthread_join(thread, NULL);
}
