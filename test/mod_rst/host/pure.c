#include "host.h"

#include <assert.h>

#include "frame_ring.h"
#include "media_clock.h"
#include "native_codec.h"
#include "settings.h"
#include "wire.h"

/* What needs neither calls nor sockets. */

static struct heard packet(uint64_t at_ms, uint32_t samples, uint32_t rate_hz) {
  return (struct heard){.at_us = at_ms * 1000, .samples = samples, .rate_hz = rate_hz};
}

static struct heard rtp_packet(uint64_t at_ms, uint32_t samples, uint32_t rtp_time) {
  struct heard heard = packet(at_ms, samples, 8000);
  heard.has_rtp = heard.rtp_rules = true;
  heard.rtp_time = rtp_time;
  heard.rtp_rate_hz = 8000;
  heard.rtp_source = 7;
  return heard;
}

static uint32_t place(struct media_clock *clock, struct heard heard) {
  return media_clock_place(clock, &heard);
}

static void jitter_moves_nothing_and_pauses_do(void) {
  struct media_clock clock;
  media_clock_begin(&clock, 0);
  assert(place(&clock, packet(20, 160, 8000)) == 0);
  assert(place(&clock, packet(90, 160, 8000)) == 160);
  assert(place(&clock, packet(91, 160, 8000)) == 320);
  assert(place(&clock, packet(92, 160, 8000)) == 480);
  /* 80 ms of audio, and then nothing until 1000 ms. */
  assert(place(&clock, packet(1020, 160, 8000)) == 8000);
  assert(place(&clock, packet(1040, 160, 8000)) == 8160);
}

static void rtp_tells_stalls_from_pauses(void) {
  struct media_clock clock;
  media_clock_begin(&clock, 0);
  assert(place(&clock, rtp_packet(20, 160, 1000)) == 0);
  /* The thread stood still for 300 ms, and its packets waited. */
  assert(place(&clock, rtp_packet(340, 160, 1160)) == 160);
  assert(place(&clock, rtp_packet(341, 160, 1320)) == 320);
  /* Two packets were lost on the way here. */
  for (uint32_t i = 3; i < 17; i++) assert(place(&clock, rtp_packet(342, 160, 1000 + i * 160)) == i * 160);
  assert(place(&clock, rtp_packet(400, 160, 1000 + 19 * 160)) == 19 * 160);
  /* A sender whose time stands still while he is silent. */
  assert(place(&clock, rtp_packet(5400, 160, 1000 + 20 * 160)) == 5380 * 8);
  /* A time that leaps for days. */
  assert(place(&clock, rtp_packet(5420, 160, 1u << 30)) <= 5460 * 8);
}

static void what_is_written_may_be_late_by_the_clock_of_its_writer(void) {
  struct media_clock clock;
  media_clock_begin(&clock, 0);
  const uint32_t at_ms[] = {20, 40, 340, 360, 420}, frame[] = {0, 1, 2, 3, 6}, wanted_ms[] = {0, 20, 320, 340, 400};
  for (int i = 0; i < 5; i++) {
    struct heard heard = rtp_packet(at_ms[i], 160, 1000 + frame[i] * 160);
    heard.rtp_rules = false;
    assert(place(&clock, heard) == wanted_ms[i] * 8);
  }
}

/* The example of docs/protocol.md. */
static void a_change_of_the_rate_goes_on_from_where_it_stands(void) {
  struct media_clock clock;
  media_clock_begin(&clock, 0);
  const uint32_t wanted[] = {0, 160, 320, 480, 800, 1120, 1440, 1760, 1920};
  for (uint32_t i = 0; i < 9; i++) {
    const bool is_wide = i >= 3 && i <= 6;
    assert(place(&clock, packet(20 * (i + 1), is_wide ? 320 : 160, is_wide ? 16000 : 8000)) == wanted[i]);
  }
  /* A pause before the change counts at the old rate, one behind it at the new. */
  assert(place(&clock, packet(1200, 320, 16000)) == 1180 * 8 - 4 * 160 + 4 * 320);
  assert(place(&clock, packet(2200, 320, 16000)) == 1180 * 8 + 4 * 160 + 1000 * 16);
}

static void speech_codecs_are_as_long_as_they_say(void) {
  const uint8_t g723[] = {0, [24] = 1, [44] = 2, [48] = 3, [49] = 0};
  assert(native_samples(PAYLOAD_G723, g723, 49) == 4 * 240);
  assert(native_samples(PAYLOAD_G729, g723, 20) == 160);
  assert(native_samples(PAYLOAD_G729, g723, 12) == 160);
  assert(native_samples(PAYLOAD_G729, g723, 2) == 80);
  assert(native_samples(PAYLOAD_L16, g723, 40) == 20);
  assert(native_samples(PAYLOAD_PCMA, g723, 40) == 40);
  assert(native_payload_type("pcmu") == 0 && native_payload_type("G7221") == PAYLOAD_NONE);
  assert(native_payload_type(NULL) == PAYLOAD_NONE);
}

static bool parse(const char *text, struct wire_answer *answer) {
  return wire_parse(text, strlen(text), answer);
}

static void answers_are_read_as_servers_write_them(void) {
  struct wire_answer answer;
  assert(parse("ACK :u:6004:6005", &answer) && answer.verb == WIRE_ACK && answer.read_port == 6004);
  assert(answer.write_port == 6005 && !answer.accepts_seq && !strcmp(answer.uuid, "u"));
  assert(parse("ACK :u:6004:6005:a=b,seq=1", &answer) && answer.accepts_seq);
  assert(parse("ACK :u:6004:6005:seq=0,seq=1", &answer) && !answer.accepts_seq);
  assert(parse("ACK :u:::seq=1\r\n", &answer) && answer.accepts_seq && answer.read_port == 0);
  assert(parse("ACK  :u", &answer) && parse("ACK:u", &answer) && parse("BYE :u", &answer));
  assert(answer.verb == WIRE_BYE && wire_parse("BYE :u\0\0", 8, &answer));
  assert(!parse("", &answer) && !parse("ACK", &answer) && !parse("ACK :", &answer) && !parse("ack :u", &answer));
  assert(!parse("ACK :u:6004", &answer) && !parse("ACK :u:6004:65536", &answer) && !parse("ACK :u:1:x", &answer));
  assert(!parse("INV :u:a:b", &answer) && !parse("ACK :u v", &answer));
  char longest[WIRE_CONTROL_MAX + 64];
  memset(longest, 'u', sizeof longest);
  memcpy(longest, "ACK :", 5);
  assert(!wire_parse(longest, sizeof longest, &answer) && !wire_parse(longest, 5 + 129, &answer));
  assert(wire_parse(longest, 5 + 128, &answer));
}

static void no_answer_is_too_odd_to_be_read(void) {
  static const char letters[] = "ACKBYE ::::,,=seq1019u\n\r";
  uint32_t dice = 1;
  for (int round = 0; round < 300000; round++) {
    struct wire_answer answer;
    char bytes[64];
    size_t size = 5;
    memcpy(bytes, round % 3 == 0 ? "BYE :" : "ACK :", size);
    for (; size < sizeof bytes && dice >> 27; size++) {
      dice = dice * 1664525 + 1013904223;
      bytes[size] = letters[(dice >> 16) % sizeof letters];
    }
    dice = dice * 1664525 + 1013904223;
    /* In memory of its own, so that a step too far is seen. */
    char *exact = malloc(size);
    memcpy(exact, bytes, size);
    if (wire_parse(exact, size, &answer)) assert(wire_is_uuid(answer.uuid) && !answer.read_port == !answer.write_port);
    free(exact);
  }
}

static void nothing_a_caller_calls_himself_breaks_an_inv(void) {
  char bytes[WIRE_CONTROL_MAX];
  struct wire_inv inv = {"u", "a:b%n\n", "", 1, 65535, true, 20, 8000, "box 1,%:"};
  bytes[wire_format_inv(bytes, &inv)] = '\0';
  assert(!strcmp(bytes, "INV :u:a%3Ab%25n%0A::1:65535:seq=1,ptime=20,rate=8000,box=box%201%2C%25%3A"));
  inv.offers_seq = false;
  bytes[wire_format_inv(bytes, &inv)] = '\0';
  assert(!strcmp(bytes, "INV :u:a_b%n_::1:65535"));
  char caller[4096];
  memset(caller, ':', sizeof caller - 1);
  caller[sizeof caller - 1] = '\0';
  inv.caller = inv.callee = inv.box = caller;
  inv.offers_seq = true;
  assert(wire_format_inv(bytes, &inv) <= WIRE_CONTROL_MAX);
}

static void settings_say_what_is_wrong_with_them(void) {
  char error[SETTINGS_ERROR_MAX];
  struct settings settings = settings_defaults();
  assert(settings_parse(&settings, " 10.0.0.5  9528 mode=L16 no-ack=stop also=yes ", error));
  assert(!strcmp(settings.ip, "10.0.0.5") && settings.port == 9528 && settings.mode == MODE_L16 && settings.also);
  assert(settings_parse(&settings, "fd00::5", error) && settings_parse(&settings, NULL, error));
  assert(settings_parse(&settings, "port-range=40000-40001 local-ip=127.0.0.1 extension=off", error));
  assert(settings.local_port_max == 40001 && !settings.extension);
  static const char *const wrong[] = {"localhost",  "1.2.3.4 0",        "1.2.3.4 65536", "1.2.3.4 9527 x", "mode=mp3",
                                      "frob=1",     "port-range=5-4",   "also=maybe",    "buffer-ms=99",   "=",
                                      "port=-1",    "port-range=1-2x",  "mode",          "ack-timeout-ms=", "ip=",
                                      "no-ack=yes", "keepalive-ms=1e3", "local-ip=here"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    *error = '\0';
    assert(!settings_parse(&settings, wrong[i], error) && *error);
  }
}

static void a_ring_gives_back_what_went_in_or_says_that_it_is_full(void) {
  struct frame_ring ring;
  uint8_t bytes[1500];
  uint32_t in = 0, out = 0, refused = 0;
  assert(frame_ring_open(&ring, 10000));
  for (uint32_t round = 0; round < 5000; round++) {
    const uint16_t size = (uint16_t)(4 + round * 37 % 1400);
    memset(bytes, (int)(round & 0xff), sizeof bytes);
    memcpy(bytes, &in, sizeof in);
    const struct frame frame = {.size = size, .bytes = bytes};
    if (frame_ring_push(&ring, &frame)) in++;
    else refused++;
    struct frame got;
    for (uint32_t n = 0; n < round / 50 % 3 && frame_ring_peek(&ring, &got); n++) {
      assert(!memcmp(got.bytes, &out, sizeof out));
      for (uint16_t i = 5; i < got.size; i++) assert(got.bytes[i] == got.bytes[4]);
      out++;
      frame_ring_pop(&ring);
    }
  }
  assert(refused > 0 && in > out && in - out < 200);
  frame_ring_close(&ring);
}

void host_pure(void) {
  jitter_moves_nothing_and_pauses_do();
  rtp_tells_stalls_from_pauses();
  what_is_written_may_be_late_by_the_clock_of_its_writer();
  a_change_of_the_rate_goes_on_from_where_it_stands();
  speech_codecs_are_as_long_as_they_say();
  answers_are_read_as_servers_write_them();
  no_answer_is_too_odd_to_be_read();
  nothing_a_caller_calls_himself_breaks_an_inv();
  settings_say_what_is_wrong_with_them();
  a_ring_gives_back_what_went_in_or_says_that_it_is_full();
}
