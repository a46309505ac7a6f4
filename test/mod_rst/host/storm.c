#include "host.h"

#define MOST_TAPS 128

/*
 * Short calls, each of them tapped, from several threads. They end in all the ways there are: by the far end,
 * by rst_stop, by both at once, before anybody has answered, and while a media thread is busy with them.
 */

struct storm {
  _Atomic uint32_t next;
  uint32_t taps;
  const char *arguments;
  _Atomic uint32_t tapped;
  _Atomic uint32_t refused;
  _Atomic uint32_t stopped;
};

static const char *const codecs[] = {"PCMU", "opus", "PCMA", "G729", "L16/16000", "opus/2", "G722"};

struct media {
  switch_core_session_t *session;
  uint32_t frames;
};

static void *play(void *argument) {
  const struct media *media = argument;
  for (uint32_t i = 0; i < media->frames; i++) host_media_frame(media->session, HOST_WRITE, 0, 0);
  return NULL;
}

static void api(struct storm *storm, const char *name, const char *uuid, _Atomic uint32_t *ok) {
  char arguments[512], reply[1024];
  snprintf(arguments, sizeof arguments, "%s %s", uuid, *name == 'u' ? storm->arguments : "");
  host_module_api(name, arguments, reply, sizeof reply);
  if (!strncmp(reply, "+OK", 3)) (*ok)++;
  else storm->refused++;
}

static void call(struct storm *storm, uint32_t number) {
  char uuid[64];
  snprintf(uuid, sizeof uuid, "storm-%u", number);
  switch_core_session_t *session = host_session_open(uuid, codecs[number % (sizeof codecs / sizeof *codecs)]);
  struct media media = {session, number % 5};
  pthread_t writer;
  api(storm, "uuid_rst", uuid, &storm->tapped);
  pthread_create(&writer, NULL, play, &media);
  for (uint32_t i = 0; i < number % 4; i++) host_media_frame(session, HOST_READ, 0, 0);
  if (number % 7 == 3) host_session_set_codec(session, HOST_READ, "PCMA");
  if (number % 3 == 1) api(storm, "rst_stop", uuid, &storm->stopped);
  if (number % 11 == 5) {
    char reply[16384];
    host_module_api("rst_status", uuid, reply, sizeof reply);
  }
  host_media_frame(session, HOST_READ, 0, 0);
  pthread_join(writer, NULL);
  host_session_close(session);
}

/* Taps outlive their calls by a BYE; a process has no more descriptors than so many of them need. */
static void wait_for_room(void) {
  static char reply[1 << 20];
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const struct timespec moment = {0, 1000000};
  for (int count = MOST_TAPS; count >= MOST_TAPS;) {
    pthread_mutex_lock(&lock);
    host_module_api("rst_status", "", reply, sizeof reply);
    count = 0;
    for (const char *at = reply; (at = strstr(at, "{\"uuid\"")) != NULL; at++) count++;
    pthread_mutex_unlock(&lock);
    if (count >= MOST_TAPS) nanosleep(&moment, NULL);
  }
}

static void *work(void *argument) {
  struct storm *storm = argument;
  for (uint32_t number; (number = storm->next++) < storm->taps;) {
    if (number % 8 == 0) wait_for_room();
    call(storm, number);
    if (number % 1000 == 999) host_config_reload();
  }
  return NULL;
}

void host_storm(const char *name, uint32_t taps, uint32_t threads, const char *arguments) {
  struct storm storm = {.taps = taps, .arguments = arguments};
  pthread_t workers[64];
  if (threads > 64) threads = 64;
  for (uint32_t i = 0; i < threads; i++) pthread_create(&workers[i], NULL, work, &storm);
  for (uint32_t i = 0; i < threads; i++) pthread_join(workers[i], NULL);
  host_print("{\"done\":\"%s\",\"tapped\":%u,\"refused\":%u,\"stopped\":%u}", name, storm.tapped, storm.refused,
             storm.stopped);
}
