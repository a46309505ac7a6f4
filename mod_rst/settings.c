#include "settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const settings_channel_keys[] = {"ip",     "port",      "mode",      "no-ack",       "also",
                                             "extension", "buffer-ms", "keepalive-ms", "ack-timeout-ms",
                                             "retransmits", NULL};

struct settings settings_defaults(void) {
  return (struct settings){
      .ip = "127.0.0.1",
      .port = 9527,
      .ack_timeout_ms = 1000,
      .retransmits = 3,
      .buffer_ms = 2000,
      .keepalive_ms = 10000,
      .mode = MODE_NATIVE,
      .no_ack = NO_ACK_CONTINUE,
      .extension = true,
  };
}

static bool fail(char *error, const char *key, const char *value, const char *wanted) {
  snprintf(error, SETTINGS_ERROR_MAX, "%.24s cannot be \"%.48s\": %s", key, value, wanted);
  return false;
}

static bool is_address(const char *text) {
  struct in6_addr address;
  return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool set_address(char *target, const char *key, const char *value, char *error) {
  if (strlen(value) >= SETTINGS_TEXT_MAX || !is_address(value))
    return fail(error, key, value, "an IP address is wanted, and no name");
  strcpy(target, value);
  return true;
}

static bool parse_number(const char *value, unsigned long least, unsigned long most, unsigned long *number) {
  char *end;
  if (*value < '0' || *value > '9') return false;
  *number = strtoul(value, &end, 10);
  return *end == '\0' && *number >= least && *number <= most;
}

static bool set_number(uint32_t *target, uint32_t least, uint32_t most, const char *key, const char *value,
                       char *error) {
  unsigned long number;
  if (!parse_number(value, least, most, &number)) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a number from %u to %u is wanted", least, most);
    return fail(error, key, value, wanted);
  }
  *target = (uint32_t)number;
  return true;
}

static bool set_port(uint16_t *target, const char *key, const char *value, char *error) {
  uint32_t number = 0;
  if (!set_number(&number, 1, 65535, key, value, error)) return false;
  *target = (uint16_t)number;
  return true;
}

static bool set_port_range(struct settings *settings, const char *key, const char *value, char *error) {
  unsigned first, last;
  char rest;
  if (!*value) {
    settings->local_port_min = settings->local_port_max = 0;
    return true;
  }
  if (sscanf(value, "%5u-%5u%c", &first, &last, &rest) != 2 || first < 1 || last > 65535 || first >= last)
    return fail(error, key, value, "two ports are wanted, as in 40000-40999");
  settings->local_port_min = (uint16_t)first;
  settings->local_port_max = (uint16_t)last;
  return true;
}

static bool set_flag(bool *target, const char *key, const char *value, char *error) {
  if (!strcasecmp(value, "true") || !strcasecmp(value, "yes") || !strcasecmp(value, "on")) *target = true;
  else if (!strcasecmp(value, "false") || !strcasecmp(value, "no") || !strcasecmp(value, "off")) *target = false;
  else return fail(error, key, value, "true or false is wanted");
  return true;
}

static bool set_mode(struct settings *settings, const char *key, const char *value, char *error) {
  if (!strcasecmp(value, "native")) settings->mode = MODE_NATIVE;
  else if (!strcasecmp(value, "l16")) settings->mode = MODE_L16;
  else return fail(error, key, value, "native or l16 is wanted");
  return true;
}

static bool set_no_ack(struct settings *settings, const char *key, const char *value, char *error) {
  if (!strcasecmp(value, "continue")) settings->no_ack = NO_ACK_CONTINUE;
  else if (!strcasecmp(value, "stop")) settings->no_ack = NO_ACK_STOP;
  else return fail(error, key, value, "continue or stop is wanted");
  return true;
}

static bool set_local_ip(struct settings *settings, const char *key, const char *value, char *error) {
  if (*value) return set_address(settings->local_ip, key, value, error);
  settings->local_ip[0] = '\0';
  return true;
}

bool settings_set(struct settings *settings, const char *key, const char *value,
                  char error[SETTINGS_ERROR_MAX]) {
  if (!strcmp(key, "ip") || !strcmp(key, "udp-server-ip")) return set_address(settings->ip, key, value, error);
  if (!strcmp(key, "port") || !strcmp(key, "udp-server-port"))
    return set_port(&settings->port, key, value, error);
  if (!strcmp(key, "local-ip")) return set_local_ip(settings, key, value, error);
  if (!strcmp(key, "port-range")) return set_port_range(settings, key, value, error);
  if (!strcmp(key, "ack-timeout-ms")) return set_number(&settings->ack_timeout_ms, 100, 60000, key, value, error);
  if (!strcmp(key, "retransmits")) return set_number(&settings->retransmits, 0, 100, key, value, error);
  if (!strcmp(key, "buffer-ms")) return set_number(&settings->buffer_ms, 100, 10000, key, value, error);
  if (!strcmp(key, "keepalive-ms")) return set_number(&settings->keepalive_ms, 0, 3600000, key, value, error);
  if (!strcmp(key, "mode")) return set_mode(settings, key, value, error);
  if (!strcmp(key, "no-ack")) return set_no_ack(settings, key, value, error);
  if (!strcmp(key, "extension")) return set_flag(&settings->extension, key, value, error);
  if (!strcmp(key, "also")) return set_flag(&settings->also, key, value, error);
  if (!strcmp(key, "box")) {
    snprintf(settings->box, sizeof settings->box, "%s", value);
    return true;
  }
  snprintf(error, SETTINGS_ERROR_MAX, "there is no option \"%.48s\"", key);
  return false;
}

static bool set_pair(struct settings *settings, char *word, char *error) {
  char *value = strchr(word, '=');
  *value++ = '\0';
  return settings_set(settings, word, value, error);
}

bool settings_parse(struct settings *settings, const char *text, char error[SETTINGS_ERROR_MAX]) {
  char words[1024];
  int plain = 0;
  if (!text) return true;
  if (strlen(text) >= sizeof words) {
    snprintf(error, SETTINGS_ERROR_MAX, "the arguments are too long");
    return false;
  }
  strcpy(words, text);
  char *rest = words;
  for (char *word; (word = strsep(&rest, " \t\r\n")) != NULL;) {
    if (!*word) continue;
    if (strchr(word, '=')) {
      if (!set_pair(settings, word, error)) return false;
    } else if (plain > 1) {
      snprintf(error, SETTINGS_ERROR_MAX, "\"%.48s\" is one word too many", word);
      return false;
    } else if (!settings_set(settings, plain == 0 ? "ip" : "port", word, error)) {
      return false;
    } else {
      plain++;
    }
  }
  return true;
}
