/*
 * The messages of docs/protocol.md, as bytes. Pure: no socket, no clock, nothing of FreeSWITCH.
 */
#ifndef RST_WIRE_H
#define RST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_UUID_MAX 128
/* The server drops control messages that are longer. */
#define WIRE_CONTROL_MAX 2048
/* "DATA:" UUID ":R:00:" LENGTH ",SEQ,TS:" */
#define WIRE_HEAD_MAX (WIRE_UUID_MAX + 64)

/* What an INV offers, and how it names the call. */
struct wire_inv {
  const char *uuid;
  const char *caller;
  const char *callee;
  uint16_t read_port;
  uint16_t write_port;
  /* The extension: numbered packets. Without it CALLER and CALLEE are not percent-encoded. */
  bool offers_seq;
  uint32_t ptime_ms;
  uint32_t rate_hz;
  const char *box;
};

/* SEQ and TS of a packet. */
struct wire_number {
  uint32_t seq;
  uint32_t ts;
};

enum wire_verb { WIRE_ACK, WIRE_BYE };

/* What a server sends. */
struct wire_answer {
  enum wire_verb verb;
  char uuid[WIRE_UUID_MAX + 1];
  /* Both 0: no ports. */
  uint16_t read_port;
  uint16_t write_port;
  bool accepts_seq;
};

/* 1 to 128 printable bytes without a colon: what may stand in a message. */
bool wire_is_uuid(const char *text);

/* The bytes written. */
size_t wire_format_inv(char out[WIRE_CONTROL_MAX], const struct wire_inv *inv);
size_t wire_format_ack(char out[WIRE_CONTROL_MAX], const char *uuid);
size_t wire_format_bye(char out[WIRE_CONTROL_MAX], const char *uuid);

/* Everything of a DATA before its bytes. `number` is NULL where the server has not accepted numbers. */
size_t wire_format_data_head(char out[WIRE_HEAD_MAX], const char *uuid, char leg, unsigned payload_type,
                             size_t length, const struct wire_number *number);

/* False for anything that is no well-formed ACK or BYE. */
bool wire_parse(const char *bytes, size_t size, struct wire_answer *answer);

#endif
