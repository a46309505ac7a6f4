#include "host.h"

#define MOST_INTERFACES 16

extern switch_loadable_module_function_table_t mod_rst_module_interface;

struct switch_loadable_module_interface {
  switch_application_interface_t apps[MOST_INTERFACES];
  switch_api_interface_t apis[MOST_INTERFACES];
  int app_count;
  int api_count;
};

static struct switch_loadable_module_interface *loaded;
/* FreeSWITCH lets nobody in while it unloads, and waits for those who are in. */
static pthread_rwlock_t in_use = PTHREAD_RWLOCK_INITIALIZER;

switch_loadable_module_interface_t *switch_loadable_module_create_module_interface(switch_memory_pool_t *pool,
                                                                                   const char *name) {
  (void)pool, (void)name;
  return calloc(1, sizeof *loaded);
}

void *switch_loadable_module_create_interface(switch_loadable_module_interface_t *module,
                                              switch_module_interface_name_t name) {
  if (name == SWITCH_API_INTERFACE) return &module->apis[module->api_count++];
  return &module->apps[module->app_count++];
}

bool host_module_load(void) {
  switch_loadable_module_interface_t *module = NULL;
  if (mod_rst_module_interface.load(&module, NULL) != SWITCH_STATUS_SUCCESS) return false;
  pthread_rwlock_wrlock(&in_use);
  loaded = module;
  pthread_rwlock_unlock(&in_use);
  return true;
}

switch_status_t host_module_unload(void) {
  pthread_rwlock_wrlock(&in_use);
  struct switch_loadable_module_interface *module = loaded;
  loaded = NULL;
  pthread_rwlock_unlock(&in_use);
  if (!module) return SWITCH_STATUS_FALSE;
  free(module);
  return mod_rst_module_interface.shutdown();
}

struct stream {
  switch_stream_handle_t handle;
  char *text;
  size_t size;
};

static switch_status_t write_stream(switch_stream_handle_t *handle, const char *fmt, ...) {
  struct stream *stream = handle->data;
  va_list arguments;
  const size_t used = strlen(stream->text);
  va_start(arguments, fmt);
  vsnprintf(stream->text + used, stream->size - used, fmt, arguments);
  va_end(arguments);
  return SWITCH_STATUS_SUCCESS;
}

void host_module_api(const char *name, const char *arguments, char *reply, size_t size) {
  struct stream stream = {{write_stream, &stream}, reply, size};
  snprintf(reply, size, "-ERR %s Command not found!", name);
  pthread_rwlock_rdlock(&in_use);
  for (int i = 0; loaded && i < loaded->api_count; i++)
    if (!strcmp(loaded->apis[i].interface_name, name)) {
      reply[0] = '\0';
      loaded->apis[i].function(arguments, NULL, &stream.handle);
    }
  pthread_rwlock_unlock(&in_use);
}

void host_module_app(switch_core_session_t *session, const char *arguments) {
  pthread_rwlock_rdlock(&in_use);
  for (int i = 0; loaded && i < loaded->app_count; i++) loaded->apps[i].application_function(session, arguments);
  pthread_rwlock_unlock(&in_use);
}
