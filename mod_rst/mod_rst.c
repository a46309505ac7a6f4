/*
 * mod_rst: sends what a channel hears and says to a capture server. docs/mod_rst.md says how it is used,
 * docs/protocol.md what it speaks.
 *
 * This file is what FreeSWITCH sees of it: load and unload, one application, four commands.
 */
#include <switch.h>
#include <time.h>

#include "attach.h"
#include "config.h"
#include "registry.h"
#include "sender.h"
#include "status.h"
#include "steward.h"

#define APP_SYNTAX "[IP PORT] [key=value ...]"
#define START_SYNTAX "UUID [IP PORT] [key=value ...]"
#define STOP_SYNTAX "UUID [IP:PORT]"
#define STATUS_SYNTAX "[UUID]"

#define REPLY_MAX 512
/* How long an unload waits for channels to let go, and then for servers to answer BYE. */
#define DETACH_MS 5000
#define FAREWELL_MS 3000
/* A thread that has just closed the last media bug needs a moment more to leave this code. */
#define LEAVE_NS 100000000

SWITCH_MODULE_LOAD_FUNCTION(mod_rst_load);
SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_rst_shutdown);
SWITCH_MODULE_DEFINITION(mod_rst, mod_rst_load, mod_rst_shutdown, NULL);

/* What the channel's own variables say, over what the file says. */
static bool read_variables(switch_channel_t *channel, struct settings *settings, char error[SETTINGS_ERROR_MAX]) {
  for (int i = 0; settings_channel_keys[i]; i++) {
    char name[48];
    snprintf(name, sizeof name, "rst_%s", settings_channel_keys[i]);
    for (char *at = name; *at; at++)
      if (*at == '-') *at = '_';
    const char *value = switch_channel_get_variable(channel, name);
    if (value && *value && !settings_set(settings, settings_channel_keys[i], value, error)) return false;
  }
  return true;
}

/* The session is locked. `reply` begins with +OK or -ERR. */
static bool start(switch_core_session_t *session, const char *arguments, char reply[REPLY_MAX]) {
  char error[SETTINGS_ERROR_MAX];
  struct settings settings = config_get();
  switch_channel_t *channel = switch_core_session_get_channel(session);
  if (!read_variables(channel, &settings, error) || !settings_parse(&settings, arguments, error)) {
    snprintf(reply, REPLY_MAX, "-ERR %s", error);
    return false;
  }
  return attach_start(session, &settings, reply, REPLY_MAX);
}

SWITCH_STANDARD_APP(rst_app) {
  char reply[REPLY_MAX];
  const bool is_tapped = start(session, data, reply);
  switch_channel_set_variable(switch_core_session_get_channel(session), "rst_result", reply);
  if (!is_tapped) switch_log_printf(SWITCH_CHANNEL_SESSION_LOG(session), SWITCH_LOG_WARNING, "rst: %s\n", reply);
}

/* The first word, and where the rest begins; false where there is none. */
static bool split_uuid(const char *command, char uuid[WIRE_UUID_MAX + 1], const char **rest) {
  size_t size = 0;
  if (!command) return false;
  while (*command == ' ') command++;
  while (command[size] && command[size] != ' ') size++;
  if (size < 1 || size > WIRE_UUID_MAX) return false;
  memcpy(uuid, command, size);
  uuid[size] = '\0';
  for (*rest = command + size; **rest == ' '; (*rest)++) continue;
  return true;
}

SWITCH_STANDARD_API(start_api) {
  char uuid[WIRE_UUID_MAX + 1], reply[REPLY_MAX];
  const char *arguments;
  (void)session;
  if (!split_uuid(cmd, uuid, &arguments)) {
    stream->write_function(stream, "-ERR usage: uuid_rst %s\n", START_SYNTAX);
    return SWITCH_STATUS_SUCCESS;
  }
  switch_core_session_t *tapped = switch_core_session_locate(uuid);
  if (!tapped) {
    stream->write_function(stream, "-ERR no such channel\n");
    return SWITCH_STATUS_SUCCESS;
  }
  start(tapped, arguments, reply);
  switch_core_session_rwunlock(tapped);
  stream->write_function(stream, "%s\n", reply);
  return SWITCH_STATUS_SUCCESS;
}

SWITCH_STANDARD_API(stop_api) {
  char uuid[WIRE_UUID_MAX + 1];
  const char *target;
  (void)session;
  if (!split_uuid(cmd, uuid, &target)) {
    stream->write_function(stream, "-ERR usage: rst_stop %s\n", STOP_SYNTAX);
    return SWITCH_STATUS_SUCCESS;
  }
  switch_core_session_t *tapped = switch_core_session_locate(uuid);
  if (!tapped) {
    stream->write_function(stream, "-ERR no such channel\n");
    return SWITCH_STATUS_SUCCESS;
  }
  const int count = attach_stop(tapped, *target ? target : NULL);
  switch_core_session_rwunlock(tapped);
  if (count > 0) stream->write_function(stream, "+OK %s is not tapped any more\n", uuid);
  else stream->write_function(stream, "-ERR not running\n");
  return SWITCH_STATUS_SUCCESS;
}

SWITCH_STANDARD_API(status_api) {
  char uuid[WIRE_UUID_MAX + 1];
  const char *rest;
  (void)session;
  const bool is_one = split_uuid(cmd, uuid, &rest);
  char *json = status_json(is_one ? uuid : NULL);
  stream->write_function(stream, "%s\n", json ? json : "-ERR there is no memory");
  free(json);
  return SWITCH_STATUS_SUCCESS;
}

static void on_reload(switch_event_t *event) {
  (void)event;
  config_load();
}

static void release_events(void) {
  switch_event_unbind_callback(on_reload);
  switch_event_free_subclass(EVENT_START);
  switch_event_free_subclass(EVENT_STOP);
  switch_event_free_subclass(EVENT_ERROR);
}

static void add_interfaces(switch_loadable_module_interface_t **module_interface) {
  switch_application_interface_t *app;
  switch_api_interface_t *api;
  SWITCH_ADD_APP(app, "rst", "Tap the channel", "Send both directions of the channel to a capture server.", rst_app,
                 APP_SYNTAX, SAF_MEDIA_TAP);
  SWITCH_ADD_API(api, "uuid_rst", "Tap a channel", start_api, START_SYNTAX);
  SWITCH_ADD_API(api, "rst_stop", "Stop tapping a channel", stop_api, STOP_SYNTAX);
  SWITCH_ADD_API(api, "uuid_rst_stop", "Stop tapping a channel", stop_api, STOP_SYNTAX);
  SWITCH_ADD_API(api, "rst_status", "Show the taps as JSON", status_api, STATUS_SYNTAX);
}

SWITCH_MODULE_LOAD_FUNCTION(mod_rst_load) {
  config_load();
  if (!steward_start()) return SWITCH_STATUS_GENERR;
  if (!sender_start()) {
    steward_stop();
    return SWITCH_STATUS_GENERR;
  }
  registry_open();
  switch_event_reserve_subclass(EVENT_START);
  switch_event_reserve_subclass(EVENT_STOP);
  switch_event_reserve_subclass(EVENT_ERROR);
  switch_event_bind(modname, SWITCH_EVENT_RELOADXML, SWITCH_EVENT_SUBCLASS_ANY, on_reload, NULL);
  *module_interface = switch_loadable_module_create_module_interface(pool, modname);
  add_interfaces(module_interface);
  return SWITCH_STATUS_SUCCESS;
}

SWITCH_MODULE_SHUTDOWN_FUNCTION(mod_rst_shutdown) {
  registry_close();
  const bool is_detached = attach_remove_all(DETACH_MS);
  const bool has_ended = sender_stop(FAREWELL_MS);
  steward_stop();
  release_events();
  nanosleep(&(struct timespec){0, LEAVE_NS}, NULL);
  if (is_detached && has_ended) return SWITCH_STATUS_SUCCESS;
  /* A channel would call into code that is gone. */
  switch_log_printf(SWITCH_CHANNEL_LOG, SWITCH_LOG_ERROR,
                    "rst: some channels did not let go of their taps; the module stays in memory\n");
  return SWITCH_STATUS_NOUNLOAD;
}
