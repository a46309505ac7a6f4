/*
 * What a tap does and where it sends: rst.conf.xml, over it channel variables, over these the arguments
 * of the command. One table of keys serves all three. Pure.
 */
#ifndef RST_SETTINGS_H
#define RST_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_TEXT_MAX 64
#define SETTINGS_ERROR_MAX 160

enum tap_mode {
  /* Frames as they are where the protocol knows the codec, else decoded. */
  MODE_NATIVE,
  /* Decoded, wherever there is a decoder. */
  MODE_L16,
};

/* What becomes of a tap whose INV nobody answers. */
enum no_ack {
  /* It sends to the control port, and goes on inviting. */
  NO_ACK_CONTINUE,
  NO_ACK_STOP,
};

struct settings {
  char ip[SETTINGS_TEXT_MAX];
  uint16_t port;
  /* Empty: the one that the way to the server has. */
  char local_ip[SETTINGS_TEXT_MAX];
  /* Both 0: any. */
  uint16_t local_port_min;
  uint16_t local_port_max;
  uint32_t ack_timeout_ms;
  /* Of INV and of BYE, behind the first. */
  uint32_t retransmits;
  /* How much audio is kept while nobody has answered. */
  uint32_t buffer_ms;
  /* How often a server that knows the extension is asked whether it is there; 0 is never. */
  uint32_t keepalive_ms;
  enum tap_mode mode;
  enum no_ack no_ack;
  bool extension;
  /* May run beside a tap of the same channel that goes elsewhere. */
  bool also;
  /* The name of this FreeSWITCH in the INV. */
  char box[SETTINGS_TEXT_MAX];
};

struct settings settings_defaults(void);

/* Sets one key. False, and a sentence, where there is no such key or it can't have that value. */
bool settings_set(struct settings *settings, const char *key, const char *value,
                  char error[SETTINGS_ERROR_MAX]);

/* "[IP PORT] [key=value ...]" */
bool settings_parse(struct settings *settings, const char *text, char error[SETTINGS_ERROR_MAX]);

/* The keys that a channel may set, as the variable `rst_` KEY with `_` for `-`; ends with NULL. */
extern const char *const settings_channel_keys[];

#endif
