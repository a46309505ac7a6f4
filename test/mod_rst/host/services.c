#include "host.h"

_Atomic int64_t host_xml, host_bound;

#define MOST_PARAMS 32

/* Whoever holds it lets nobody fire or log; FreeSWITCH's own queues can be full like that. */
static pthread_mutex_t services_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool is_quiet;
/* Held while an event is delivered: who unbinds waits for it. */
static pthread_mutex_t bind_lock = PTHREAD_MUTEX_INITIALIZER;
static switch_event_callback_t on_reload;

static pthread_mutex_t print_lock = PTHREAD_MUTEX_INITIALIZER;

void host_print(const char *fmt, ...) {
  va_list arguments;
  pthread_mutex_lock(&print_lock);
  va_start(arguments, fmt);
  vprintf(fmt, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
  pthread_mutex_unlock(&print_lock);
}

void host_print_quoted(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    const unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') fprintf(out, "\\%c", byte);
    else if (byte < 0x20) fprintf(out, "\\u%04x", byte);
    else fputc(byte, out);
  }
  fputc('"', out);
}

void host_services_hold(bool is_held) {
  if (is_held) pthread_mutex_lock(&services_lock);
  else pthread_mutex_unlock(&services_lock);
}

void host_events_quiet(bool quiet) {
  is_quiet = quiet;
}

struct switch_event {
  char *json;
  size_t size;
  FILE *out;
};

switch_status_t switch_event_create_subclass_detailed(const char *file, const char *func, int line,
                                                      switch_event_t **event, switch_event_types_t id,
                                                      const char *subclass) {
  (void)file, (void)func, (void)line, (void)id;
  *event = calloc(1, sizeof **event);
  (*event)->out = open_memstream(&(*event)->json, &(*event)->size);
  fprintf((*event)->out, "{\"event\":\"%s\"", subclass);
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_event_add_header_string(switch_event_t *event, switch_stack_t stack, const char *name,
                                               const char *data) {
  (void)stack;
  fprintf(event->out, ",\"%s\":", name);
  host_print_quoted(event->out, data);
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_event_add_header(switch_event_t *event, switch_stack_t stack, const char *name, const char *fmt,
                                        ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, fmt);
  vsnprintf(text, sizeof text, fmt, arguments);
  va_end(arguments);
  return switch_event_add_header_string(event, stack, name, text);
}

switch_status_t switch_event_fire_detailed(const char *file, const char *func, int line, switch_event_t **event,
                                           void *user_data) {
  (void)file, (void)func, (void)line, (void)user_data;
  fclose((*event)->out);
  pthread_mutex_lock(&services_lock);
  if (!is_quiet) host_print("%s}", (*event)->json);
  pthread_mutex_unlock(&services_lock);
  free((*event)->json);
  free(*event);
  *event = NULL;
  return SWITCH_STATUS_SUCCESS;
}

void switch_log_printf(switch_text_channel_t channel, const char *file, const char *func, int line,
                       const char *userdata, switch_log_level_t level, const char *fmt, ...) {
  char text[2048], *json;
  size_t size;
  va_list arguments;
  (void)channel, (void)file, (void)func, (void)line, (void)userdata;
  va_start(arguments, fmt);
  vsnprintf(text, sizeof text, fmt, arguments);
  va_end(arguments);
  FILE *out = open_memstream(&json, &size);
  fprintf(out, "{\"event\":\"log\",\"level\":%d,\"text\":", level);
  host_print_quoted(out, text);
  fputc('}', out);
  fclose(out);
  pthread_mutex_lock(&services_lock);
  if (!is_quiet) host_print("%s", json);
  pthread_mutex_unlock(&services_lock);
  free(json);
}

switch_status_t switch_event_bind(const char *id, switch_event_types_t event, const char *subclass,
                                  switch_event_callback_t callback, void *user_data) {
  (void)id, (void)event, (void)subclass, (void)user_data;
  pthread_mutex_lock(&bind_lock);
  on_reload = callback;
  pthread_mutex_unlock(&bind_lock);
  host_bound++;
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_event_unbind_callback(switch_event_callback_t callback) {
  pthread_mutex_lock(&bind_lock);
  const bool was_bound = on_reload == callback;
  if (was_bound) on_reload = NULL;
  pthread_mutex_unlock(&bind_lock);
  if (!was_bound) return SWITCH_STATUS_FALSE;
  host_bound--;
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_event_reserve_subclass_detailed(const char *owner, const char *subclass) {
  (void)owner, (void)subclass;
  host_bound++;
  return SWITCH_STATUS_SUCCESS;
}

switch_status_t switch_event_free_subclass_detailed(const char *owner, const char *subclass) {
  (void)owner, (void)subclass;
  host_bound--;
  return SWITCH_STATUS_SUCCESS;
}

void host_config_reload(void) {
  pthread_mutex_lock(&bind_lock);
  if (on_reload) on_reload(NULL);
  pthread_mutex_unlock(&bind_lock);
}

/* rst.conf.xml: "name=value name=value", or nothing where the file is not there. */
static pthread_mutex_t config_lock = PTHREAD_MUTEX_INITIALIZER;
static char config[2048];
static bool has_config;

void host_config_set(const char *pairs) {
  pthread_mutex_lock(&config_lock);
  has_config = strcmp(pairs, "-") != 0;
  snprintf(config, sizeof config, "%s", pairs);
  pthread_mutex_unlock(&config_lock);
}

static char **make_attributes(const char *name, const char *value) {
  char **attributes = calloc(5, sizeof *attributes);
  attributes[0] = strdup("name");
  attributes[1] = strdup(name);
  attributes[2] = strdup("value");
  attributes[3] = strdup(value);
  return attributes;
}

static switch_xml_t make_node(const char *name) {
  switch_xml_t node = calloc(1, sizeof *node);
  node->name = strdup(name);
  return node;
}

switch_xml_t switch_xml_open_cfg(const char *file_path, switch_xml_t *node, switch_event_t *params) {
  char copy[2048];
  (void)file_path, (void)params;
  pthread_mutex_lock(&config_lock);
  const bool is_there = has_config;
  memcpy(copy, config, sizeof copy);
  pthread_mutex_unlock(&config_lock);
  if (!is_there) return NULL;
  host_xml++;
  switch_xml_t root = make_node("configuration");
  root->child = make_node("settings");
  switch_xml_t *last = &root->child->child;
  char *rest = copy;
  for (char *pair; (pair = strsep(&rest, " ")) != NULL;) {
    char *value = strchr(pair, '=');
    if (!value) continue;
    *value++ = '\0';
    *last = make_node("param");
    (*last)->attr = make_attributes(pair, value);
    last = &(*last)->next;
  }
  *node = root;
  return root;
}

switch_xml_t switch_xml_child(switch_xml_t xml, const char *name) {
  return xml->child && !strcmp(xml->child->name, name) ? xml->child : NULL;
}

const char *switch_xml_attr_soft(switch_xml_t xml, const char *name) {
  for (char **at = xml->attr; at && *at; at += 2)
    if (!strcmp(*at, name)) return at[1];
  return "";
}

static void free_node(switch_xml_t node) {
  if (!node) return;
  free_node(node->child);
  free_node(node->next);
  for (char **at = node->attr; at && *at; at++) free(*at);
  free(node->attr);
  free(node->name);
  free(node);
}

void switch_xml_free(switch_xml_t xml) {
  host_xml--;
  free_node(xml);
}

const char *switch_core_get_switchname(void) {
  return "host 1";
}
