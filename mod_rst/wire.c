#include "wire.h"

#include <stdio.h>
#include <string.h>

/* More of a caller's name says nothing more about him. */
#define FIELD_MAX 255

struct text {
  char *bytes;
  size_t size;
  size_t most;
};

static void put(struct text *text, char byte) {
  if (text->size < text->most) text->bytes[text->size++] = byte;
}

static void put_text(struct text *text, const char *bytes) {
  while (*bytes) put(text, *bytes++);
}

static void put_number(struct text *text, unsigned long number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%lu", number);
  put_text(text, digits);
}

static bool is_control(unsigned char byte) {
  return byte < 0x20 || byte == 0x7f;
}

static void put_escaped(struct text *text, unsigned char byte) {
  static const char digits[] = "0123456789ABCDEF";
  put(text, '%');
  put(text, digits[byte >> 4]);
  put(text, digits[byte & 15]);
}

/* CALLER or CALLEE: a colon would begin the next field. */
static void put_field(struct text *text, const char *bytes, bool is_encoded) {
  for (size_t i = 0; bytes && bytes[i] && i < FIELD_MAX; i++) {
    const unsigned char byte = (unsigned char)bytes[i];
    const bool is_special = byte == ':' || is_control(byte);
    if (is_encoded && (is_special || byte == '%')) put_escaped(text, byte);
    else put(text, is_special ? '_' : (char)byte);
  }
}

static void put_box(struct text *text, const char *box) {
  for (size_t i = 0; box[i] && i < FIELD_MAX; i++) {
    const unsigned char byte = (unsigned char)box[i];
    if (byte <= ' ' || byte == 0x7f || strchr(":,%", byte)) put_escaped(text, byte);
    else put(text, (char)byte);
  }
}

bool wire_is_uuid(const char *text) {
  const size_t size = strlen(text);
  if (size < 1 || size > WIRE_UUID_MAX) return false;
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)text[i] < 0x21 || (unsigned char)text[i] > 0x7e || text[i] == ':') return false;
  return true;
}

size_t wire_format_inv(char out[WIRE_CONTROL_MAX], const struct wire_inv *inv) {
  struct text text = {out, 0, WIRE_CONTROL_MAX};
  put_text(&text, "INV :");
  put_text(&text, inv->uuid);
  put(&text, ':');
  put_field(&text, inv->caller, inv->offers_seq);
  put(&text, ':');
  put_field(&text, inv->callee, inv->offers_seq);
  put(&text, ':');
  put_number(&text, inv->read_port);
  put(&text, ':');
  put_number(&text, inv->write_port);
  if (!inv->offers_seq) return text.size;
  put_text(&text, ":seq=1,ptime=");
  put_number(&text, inv->ptime_ms);
  put_text(&text, ",rate=");
  put_number(&text, inv->rate_hz);
  if (inv->box && *inv->box) {
    put_text(&text, ",box=");
    put_box(&text, inv->box);
  }
  return text.size;
}

static size_t format_plain(char *out, const char *verb, const char *uuid) {
  struct text text = {out, 0, WIRE_CONTROL_MAX};
  put_text(&text, verb);
  put_text(&text, uuid);
  return text.size;
}

size_t wire_format_ack(char out[WIRE_CONTROL_MAX], const char *uuid) {
  return format_plain(out, "ACK :", uuid);
}

size_t wire_format_bye(char out[WIRE_CONTROL_MAX], const char *uuid) {
  return format_plain(out, "BYE :", uuid);
}

size_t wire_format_data_head(char out[WIRE_HEAD_MAX], const char *uuid, char leg, unsigned payload_type,
                             size_t length, const struct wire_number *number) {
  const int size =
      number ? snprintf(out, WIRE_HEAD_MAX, "DATA:%s:%c:%02u:%zu,%u,%u:", uuid, leg, payload_type, length,
                        number->seq, number->ts)
             : snprintf(out, WIRE_HEAD_MAX, "DATA:%s:%c:%02u:%zu:", uuid, leg, payload_type, length);
  return size > 0 && size < WIRE_HEAD_MAX ? (size_t)size : 0;
}

/* A field ends at a colon or with the message. */
struct field {
  const char *bytes;
  size_t size;
};

static struct field next_field(const char **at, const char *end) {
  struct field field = {*at, 0};
  while (*at < end && **at != ':') (*at)++;
  field.size = (size_t)(*at - field.bytes);
  if (*at < end) (*at)++;
  return field;
}

/* A port, 0 for an empty field, -1 for anything else. */
static long port_of(struct field field) {
  long port = 0;
  if (field.size > 5) return -1;
  for (size_t i = 0; i < field.size; i++) {
    if (field.bytes[i] < '0' || field.bytes[i] > '9') return -1;
    port = port * 10 + (field.bytes[i] - '0');
  }
  return port <= 65535 ? port : -1;
}

/* True where one of the pairs is seq=1; of a key that comes twice the first counts. */
static bool accepts_seq(struct field field) {
  const char *at = field.bytes;
  const char *end = field.bytes + field.size;
  while (at < end) {
    const char *pair = at;
    while (at < end && *at != ',') at++;
    const size_t size = (size_t)(at - pair);
    if (size >= 4 && !memcmp(pair, "seq=", 4)) return size == 5 && pair[4] == '1';
    at++;
  }
  return false;
}

static bool parse_verb(struct field field, enum wire_verb *verb) {
  while (field.size > 0 && field.bytes[field.size - 1] == ' ') field.size--;
  if (field.size != 3) return false;
  if (!memcmp(field.bytes, "ACK", 3)) *verb = WIRE_ACK;
  else if (!memcmp(field.bytes, "BYE", 3)) *verb = WIRE_BYE;
  else return false;
  return true;
}

bool wire_parse(const char *bytes, size_t size, struct wire_answer *answer) {
  memset(answer, 0, sizeof *answer);
  while (size > 0 && memchr("\0\r\n ", bytes[size - 1], 4)) size--;
  if (size > WIRE_CONTROL_MAX) return false;
  const char *at = bytes;
  const char *end = bytes + size;
  if (!parse_verb(next_field(&at, end), &answer->verb)) return false;
  const struct field uuid = next_field(&at, end);
  if (uuid.size < 1 || uuid.size > WIRE_UUID_MAX) return false;
  memcpy(answer->uuid, uuid.bytes, uuid.size);
  if (!wire_is_uuid(answer->uuid)) return false;
  if (answer->verb == WIRE_BYE) return true;
  const long read_port = port_of(next_field(&at, end));
  const long write_port = port_of(next_field(&at, end));
  if (read_port < 0 || write_port < 0 || (read_port > 0) != (write_port > 0)) return false;
  answer->read_port = (uint16_t)read_port;
  answer->write_port = (uint16_t)write_port;
  answer->accepts_seq = accepts_seq(next_field(&at, end));
  return true;
}
