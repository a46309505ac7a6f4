/*
 * Frames on their way from the media thread to the sender: one writer, one reader, no lock and no waiting.
 * Records do not wrap, so that the reader can send them from where they are.
 */
#ifndef RST_FRAME_RING_H
#define RST_FRAME_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media_clock.h"

struct frame {
  struct heard heard;
  uint8_t payload_type;
  uint16_t size;
  const uint8_t *bytes;
};

struct frame_ring {
  uint8_t *memory;
  size_t capacity;
  /* Bytes ever written and ever read. */
  _Atomic uint64_t written;
  _Atomic uint64_t read;
};

/* The memory is the next power of two; false where there is none. */
bool frame_ring_open(struct frame_ring *ring, size_t least_bytes);
void frame_ring_close(struct frame_ring *ring);

/* Writer: false where it is full, and nothing has happened then. */
bool frame_ring_push(struct frame_ring *ring, const struct frame *frame);

/* Reader: false where it is empty. `frame->bytes` is good until the frame is popped. */
bool frame_ring_peek(struct frame_ring *ring, struct frame *frame);
void frame_ring_pop(struct frame_ring *ring);

#endif
