#include "frame_ring.h"

#include <stdlib.h>
#include <string.h>

struct record {
  /* With this head, a multiple of 8. */
  uint32_t size;
  /* 0: a frame; 1: the rest of the memory is too short for the next one. */
  uint32_t is_filler;
  struct frame frame;
};

#define ALIGN 8

bool frame_ring_open(struct frame_ring *ring, size_t least_bytes) {
  ring->capacity = 4096;
  while (ring->capacity < least_bytes) ring->capacity *= 2;
  atomic_init(&ring->written, 0);
  atomic_init(&ring->read, 0);
  ring->memory = malloc(ring->capacity);
  return ring->memory != NULL;
}

void frame_ring_close(struct frame_ring *ring) {
  free(ring->memory);
  ring->memory = NULL;
}

bool frame_ring_push(struct frame_ring *ring, const struct frame *frame) {
  const size_t size = (sizeof(struct record) + frame->size + ALIGN - 1) / ALIGN * ALIGN;
  uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
  const uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
  const size_t free_bytes = ring->capacity - (size_t)(written - read);
  const size_t at = (size_t)(written & (ring->capacity - 1));
  const size_t to_end = ring->capacity - at;
  const size_t filler = to_end < size ? to_end : 0;
  if (free_bytes < filler + size) return false;
  if (filler > 0) {
    const uint32_t head[2] = {(uint32_t)filler, 1};
    memcpy(ring->memory + at, head, sizeof head);
    written += filler;
  }
  uint8_t *place = ring->memory + (written & (ring->capacity - 1));
  const struct record record = {(uint32_t)size, 0, *frame};
  memcpy(place, &record, sizeof record);
  memcpy(place + sizeof record, frame->bytes, frame->size);
  atomic_store_explicit(&ring->written, written + size, memory_order_release);
  return true;
}

/* Where the next record is, past a filler; NULL where there is none. */
static uint8_t *next_record(struct frame_ring *ring) {
  const uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
  uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  if (read == written) return NULL;
  uint8_t *place = ring->memory + (read & (ring->capacity - 1));
  uint32_t head[2];
  memcpy(head, place, sizeof head);
  if (head[1] == 0) return place;
  atomic_store_explicit(&ring->read, read + head[0], memory_order_release);
  return next_record(ring);
}

bool frame_ring_peek(struct frame_ring *ring, struct frame *frame) {
  const uint8_t *place = next_record(ring);
  if (!place) return false;
  struct record record;
  memcpy(&record, place, sizeof record);
  *frame = record.frame;
  frame->bytes = place + sizeof record;
  return true;
}

void frame_ring_pop(struct frame_ring *ring) {
  const uint8_t *place = next_record(ring);
  if (!place) return;
  uint32_t size;
  memcpy(&size, place, sizeof size);
  const uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
  atomic_store_explicit(&ring->read, read + size, memory_order_release);
}
