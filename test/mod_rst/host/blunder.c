#include "host.h"

static volatile int shared;

static void *race(void *unused) {
  (void)unused;
  for (int i = 0; i < 100000; i++) shared++;
  return NULL;
}

static void race_with_another(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, race, NULL);
  race(NULL);
  pthread_join(thread, NULL);
}

/* Memory that the compiler knows nothing of, or it would find the faults itself. */
static volatile char *some_memory(void) {
  char *memory = malloc(16);
  __asm__ volatile("" : "+r"(memory));
  return memory;
}

static void release(volatile char *memory) {
  void *hidden = (void *)memory;
  __asm__ volatile("" : "+r"(hidden));
  free(hidden);
}

void host_blunder(const char *watcher) {
  volatile char *memory = some_memory();
  if (!strcmp(watcher, "asan")) {
    release(memory);
    memory[3] = 1;
  } else if (!strcmp(watcher, "tsan")) {
    race_with_another();
    release(memory);
  } else {
    /* Never set, and looked at. */
    if (memory[5] == 7) host_print("{}");
    release(memory);
  }
  exit(0);
}
