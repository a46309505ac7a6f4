#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

/*
 * Reads commands, one a line, and prints a line of JSON for each when it is done. Media plays in threads of
 * its own, as fast as it is told to; its line comes when it has been played.
 */

static int count_descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return -1;
  while (readdir(folder)) count++;
  closedir(folder);
  /* Without ".", ".." and the folder itself. */
  return count - 3;
}

static void stats(void) {
  host_print("{\"done\":\"stats\",\"sessions\":%lld,\"bugs\":%lld,\"readLocks\":%lld,\"codecs\":%lld,"
             "\"resamplers\":%lld,\"xml\":%lld,\"bound\":%lld,\"descriptors\":%d}",
             (long long)host_sessions, (long long)host_bugs, (long long)host_read_locks, (long long)host_codecs,
             (long long)host_resamplers, (long long)host_xml, (long long)host_bound, count_descriptors());
}

struct playing {
  switch_core_session_t *session;
  char uuid[HOST_UUID_MAX];
  bool legs[HOST_LEGS];
  uint32_t frames;
  /* Between two frames; 0: none. */
  uint32_t pace_us;
  uint32_t flags;
};

static void *play(void *argument) {
  struct playing *playing = argument;
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (uint32_t i = 0; i < playing->frames; i++) {
    for (int leg = 0; leg < HOST_LEGS; leg++)
      if (playing->legs[leg]) host_media_frame(playing->session, leg, 0, playing->flags);
    due.tv_nsec += (long)playing->pace_us * 1000;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    if (playing->pace_us)
      while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) continue;
  }
  host_print("{\"done\":\"play\",\"uuid\":\"%s\"}", playing->uuid);
  free(playing);
  return NULL;
}

static void start_playing(switch_core_session_t *session, const char *arguments) {
  char legs[8];
  struct playing *playing = calloc(1, sizeof *playing);
  if (sscanf(arguments, "%7s %u %u %u", legs, &playing->frames, &playing->pace_us, &playing->flags) < 3) abort();
  playing->session = session;
  snprintf(playing->uuid, sizeof playing->uuid, "%s", session->uuid);
  playing->legs[HOST_READ] = strchr(legs, 'R') != NULL;
  playing->legs[HOST_WRITE] = strchr(legs, 'W') != NULL;
  pthread_t thread;
  pthread_create(&thread, NULL, play, playing);
  pthread_detach(thread);
}

static void print_reply(const char *command, const char *reply) {
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  fprintf(out, "{\"done\":\"%s\",\"reply\":", command);
  host_print_quoted(out, reply);
  fputc('}', out);
  fclose(out);
  host_print("%s", text);
  free(text);
}

struct storming {
  char name[16];
  char arguments[512];
  uint32_t taps;
  uint32_t threads;
};

static void *storm(void *argument) {
  struct storming *storming = argument;
  host_storm(storming->name, storming->taps, storming->threads, storming->arguments);
  free(storming);
  return NULL;
}

/* "storm-aside" leaves the way free for other commands. */
static void start_storm(const char *name, const char *arguments) {
  struct storming *storming = calloc(1, sizeof *storming);
  int used = 0;
  if (sscanf(arguments, "%u %u %n", &storming->taps, &storming->threads, &used) < 2) abort();
  snprintf(storming->name, sizeof storming->name, "%s", name);
  snprintf(storming->arguments, sizeof storming->arguments, "%s", arguments + used);
  pthread_t thread;
  pthread_create(&thread, NULL, storm, storming);
  if (strcmp(name, "storm")) pthread_detach(thread);
  else pthread_join(thread, NULL);
}

static bool on_module(const char *command, char *arguments) {
  char reply[65536] = "";
  if (!strcmp(command, "load")) {
    snprintf(reply, sizeof reply, "%s", host_module_load() ? "loaded" : "failed");
  } else if (!strcmp(command, "unload")) {
    const switch_status_t status = host_module_unload();
    snprintf(reply, sizeof reply, "%s", status == SWITCH_STATUS_SUCCESS ? "unloaded" : "kept");
  } else if (!strcmp(command, "api")) {
    const char *name = strsep(&arguments, " ");
    host_module_api(name, arguments, reply, sizeof reply);
  } else if (!strcmp(command, "config")) {
    host_config_set(arguments ? arguments : "");
  } else if (!strcmp(command, "reloadxml")) {
    host_config_reload();
  } else if (!strcmp(command, "hold") || !strcmp(command, "release")) {
    host_services_hold(*command == 'h');
  } else if (!strcmp(command, "quiet")) {
    host_events_quiet(true);
  } else if (!strcmp(command, "storm") || !strcmp(command, "storm-aside")) {
    start_storm(command, arguments);
    return true;
  } else if (!strcmp(command, "blunder")) {
    host_blunder(arguments);
  } else if (!strcmp(command, "pure")) {
    host_pure();
  } else if (!strcmp(command, "stats")) {
    stats();
    return true;
  } else {
    return false;
  }
  print_reply(command, reply);
  return true;
}

static void on_session(const char *command, switch_core_session_t *session, char *arguments) {
  const char *reply = "";
  if (!strcmp(command, "hangup")) {
    host_session_close(session);
  } else if (!strcmp(command, "app")) {
    host_module_app(session, arguments ? arguments : "");
    const char *result = switch_channel_get_variable(&session->channel, "rst_result");
    reply = result ? result : "";
  } else if (!strcmp(command, "play")) {
    start_playing(session, arguments);
    return;
  } else if (!strcmp(command, "rename")) {
    reply = host_session_rename(session, arguments) ? "renamed" : "taken";
  } else if (!strcmp(command, "codec")) {
    const char *leg = strsep(&arguments, " ");
    host_session_set_codec(session, *leg == 'R' ? HOST_READ : HOST_WRITE, arguments);
  } else if (!strcmp(command, "set")) {
    const char *name = strsep(&arguments, " ");
    switch_channel_set_variable(&session->channel, name, arguments);
  } else if (!strcmp(command, "caller")) {
    snprintf(session->channel.caller, sizeof session->channel.caller, "%s", arguments);
  } else if (!strcmp(command, "proxy")) {
    session->channel.is_proxy_mode = !strcmp(arguments, "mode");
    session->channel.is_proxy_media = !strcmp(arguments, "media");
  } else {
    fprintf(stderr, "there is no command %s\n", command);
    exit(2);
  }
  print_reply(command, reply);
}

static void on_line(char *line) {
  char *arguments = line;
  const char *command = strsep(&arguments, " ");
  if (on_module(command, arguments)) return;
  const char *uuid = strsep(&arguments, " ");
  if (!strcmp(command, "session")) {
    host_session_open(uuid, arguments);
    print_reply(command, "");
    return;
  }
  switch_core_session_t *session = uuid ? host_session_find(uuid) : NULL;
  if (!session) {
    fprintf(stderr, "%s: there is no session %s\n", command, uuid ? uuid : "");
    exit(2);
  }
  on_session(command, session, arguments);
}

int main(void) {
  char *line = NULL;
  size_t size = 0;
  signal(SIGPIPE, SIG_IGN);
  while (getline(&line, &size, stdin) > 0) {
    line[strcspn(line, "\n")] = '\0';
    on_line(line);
  }
  free(line);
  return 0;
}
