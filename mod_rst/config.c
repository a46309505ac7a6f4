#include "config.h"

#include <pthread.h>
#include <string.h>
#include <switch.h>

#define FILE_NAME "rst.conf"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings current;
static bool is_loaded;

static void read_param(struct settings *settings, switch_xml_t param) {
  const char *name = switch_xml_attr_soft(param, "name");
  const char *value = switch_xml_attr_soft(param, "value");
  char error[SETTINGS_ERROR_MAX];
  /* Modules before this one had it. It wrote to paths made of callers' numbers. */
  if (!strcmp(name, "write-hex")) return;
  if (!settings_set(settings, name, value, error))
    switch_log_printf(SWITCH_CHANNEL_LOG, SWITCH_LOG_ERROR, "rst: %s.xml: %s\n", FILE_NAME, error);
}

static bool read_file(struct settings *settings) {
  switch_xml_t file, node;
  if (!(file = switch_xml_open_cfg(FILE_NAME, &node, NULL))) return false;
  const switch_xml_t list = switch_xml_child(node, "settings");
  for (switch_xml_t param = list ? switch_xml_child(list, "param") : NULL; param; param = param->next)
    read_param(settings, param);
  switch_xml_free(file);
  return true;
}

void config_load(void) {
  struct settings settings = settings_defaults();
  snprintf(settings.box, sizeof settings.box, "%s", switch_core_get_switchname());
  const bool has_file = read_file(&settings);
  pthread_mutex_lock(&lock);
  /* A file that is gone for a moment is no reason to forget where the server is. */
  const bool takes = has_file || !is_loaded;
  if (takes) current = settings;
  is_loaded = true;
  pthread_mutex_unlock(&lock);
  if (!has_file)
    switch_log_printf(SWITCH_CHANNEL_LOG, SWITCH_LOG_WARNING, "rst: %s.xml cannot be read; %s\n", FILE_NAME,
                      takes ? "its defaults count" : "what it said before goes on to count");
}

struct settings config_get(void) {
  pthread_mutex_lock(&lock);
  const struct settings copy = current;
  pthread_mutex_unlock(&lock);
  return copy;
}
