#include "status.h"

#include <stdio.h>
#include <string.h>

#include "registry.h"

struct listing {
  FILE *out;
  const char *uuid;
  int count;
};

/* UUIDs have no control characters, but may have these. */
static void put_text(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void put_leg(FILE *out, const struct leg *leg, unsigned server_port) {
  fprintf(out, "{\"localPort\":%u,\"serverPort\":", leg->local_port);
  if (server_port) fprintf(out, "%u", server_port);
  else fprintf(out, "null");
  fprintf(out, ",\"packets\":%llu,\"bytes\":%llu,\"discarded\":%llu}",
          (unsigned long long)atomic_load(&leg->packets), (unsigned long long)atomic_load(&leg->bytes),
          (unsigned long long)(atomic_load(&leg->discarded) + atomic_load(&leg->ear.overflows)));
}

static bool put_tap(struct tap *tap, void *context) {
  struct listing *listing = context;
  FILE *out = listing->out;
  if (listing->uuid && strcmp(listing->uuid, tap->uuid)) return true;
  fprintf(out, "%s{\"uuid\":", listing->count++ ? "," : "");
  put_text(out, tap->uuid);
  fprintf(out, ",\"destination\":\"%s\",\"state\":\"%s\",\"mode\":\"%s\",\"rate\":%u,\"numbered\":%s", tap->target,
          tap_state_name(atomic_load(&tap->state)), tap->settings.mode == MODE_L16 ? "l16" : "native", tap->rate_hz,
          atomic_load(&tap->is_numbered) ? "true" : "false");
  fprintf(out, ",\"invites\":%llu,\"milliseconds\":%llu,\"attached\":%s,\"R\":",
          (unsigned long long)atomic_load(&tap->invites),
          (unsigned long long)((tap_now_us() - tap->started_us) / 1000),
          atomic_load(&tap->is_closed) ? "false" : "true");
  put_leg(out, &tap->legs[LEG_READ], atomic_load(&tap->server_read_port));
  fprintf(out, ",\"W\":");
  put_leg(out, &tap->legs[LEG_WRITE], atomic_load(&tap->server_write_port));
  fputc('}', out);
  return true;
}

char *status_json(const char *uuid) {
  char *text = NULL;
  size_t size = 0;
  struct listing listing = {open_memstream(&text, &size), uuid, 0};
  if (!listing.out) return NULL;
  fprintf(listing.out, "{\"taps\":[");
  registry_each(put_tap, &listing);
  fprintf(listing.out, "]}");
  return fclose(listing.out) == 0 ? text : NULL;
}
