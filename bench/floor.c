/*
 * The least that a server of taps has to do, for the benchmark: `floor FOLDER [plain|pcm]`. Says its control port
 * on stdout, takes INV and BYE there, and ends by SIGTERM. Two sockets a call, drained every 100 ms with
 * recvmmsg; each payload goes into the leg's file in FOLDER, written about once a second.
 *
 * The sockets are those of the batched receiver: they tell the sender, the arrival time and drops. With
 * `plain` they tell nothing of it. With `pcm` payloads are decoded to samples of 16 bits, which is twice as much
 * to write.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 100000000LL
#define WRITE_TICKS 10
#define LAST_TICKS 5
#define BATCH 64
#define SLOT_BYTES 2048
#define LEG_BYTES 32768
#define MAX_LEGS 65536
#define LEG_RECEIVE_BYTES (512 * 1024)
#define CONTROL_RECEIVE_BYTES (8 * 1024 * 1024)

struct leg {
  int fd; /* -1 where there is none any more */
  int port;
  int file;
  int used;
  int ticks_left; /* -1 until BYE */
  char uuid[129];
  struct timespec last;
  unsigned drops;
  unsigned char *bytes;
};

static struct leg legs[MAX_LEGS];
static int leg_count;
static int is_plain;
static int is_pcm;
static short samples[256];
static const char *folder;
static volatile sig_atomic_t is_ended;

static unsigned char slots[BATCH][SLOT_BYTES];
static struct sockaddr_in names[BATCH];
static unsigned char controls[BATCH][64];
static struct iovec vectors[BATCH];
static struct mmsghdr headers[BATCH];

static void end(int number) {
  (void)number;
  is_ended = 1;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int open_udp(int *port, int receive_bytes) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  if (bind(fd, (struct sockaddr *)&address, size) < 0) fail("bind");
  getsockname(fd, (struct sockaddr *)&address, &size);
  *port = ntohs(address.sin_port);
  return fd;
}

/* G.711, as in Sun's g711.c: sign, exponent, mantissa, all inverted. */
static void fill_samples(void) {
  for (int code = 0; code < 256; code++) {
    int bits = ~code & 0xff, magnitude = ((((bits & 15) << 3) + 132) << (bits >> 4 & 7)) - 132;
    samples[code] = bits & 0x80 ? -magnitude : magnitude;
  }
}

static void open_leg(const char *uuid, char name) {
  char path[4096];
  int one = 1;
  struct leg *leg = &legs[leg_count];
  if (leg_count++ == MAX_LEGS) {
    fprintf(stderr, "floor: more than %d legs\n", MAX_LEGS);
    exit(1);
  }
  leg->fd = open_udp(&leg->port, LEG_RECEIVE_BYTES);
  if (!is_plain) {
    setsockopt(leg->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    setsockopt(leg->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  }
  snprintf(path, sizeof path, "%s/%s-%c", folder, uuid, name);
  leg->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (leg->file < 0) fail(path);
  snprintf(leg->uuid, sizeof leg->uuid, "%s", uuid);
  leg->bytes = malloc(LEG_BYTES);
  if (leg->bytes == NULL) fail("malloc");
  leg->ticks_left = -1;
}

static void write_leg(struct leg *leg) {
  if (leg->used > 0 && write(leg->file, leg->bytes, leg->used) != leg->used) fail("write");
  leg->used = 0;
}

static void close_leg(struct leg *leg) {
  write_leg(leg);
  close(leg->fd);
  close(leg->file);
  free(leg->bytes);
  leg->fd = -1;
}

/* Where the payload begins, behind the fifth colon; -1 where there is none. */
static int payload_start(const unsigned char *bytes, int size) {
  int colons = 0;
  if (size < 5 || memcmp(bytes, "DATA:", 5) != 0) return -1;
  for (int at = 4; at < size; at++)
    if (bytes[at] == ':' && ++colons == 5) return at + 1;
  return -1;
}

static void read_control(struct leg *leg, struct msghdr *header) {
  for (struct cmsghdr *one = CMSG_FIRSTHDR(header); one != NULL; one = CMSG_NXTHDR(header, one))
    if (one->cmsg_type == SO_TIMESTAMPNS) memcpy(&leg->last, CMSG_DATA(one), sizeof leg->last);
    else if (one->cmsg_type == SO_RXQ_OVFL) memcpy(&leg->drops, CMSG_DATA(one), sizeof leg->drops);
}

static void drain(struct leg *leg) {
  int count;
  do {
    count = recvmmsg(leg->fd, headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
      int size = headers[i].msg_len, start = payload_start(slots[i], size);
      if (!is_plain) {
        read_control(leg, &headers[i].msg_hdr);
        headers[i].msg_hdr.msg_namelen = sizeof names[i];
        headers[i].msg_hdr.msg_controllen = sizeof controls[i];
      }
      if (start < 0) continue;
      int width = is_pcm ? 2 : 1, kept = (size - start) * width;
      if (leg->used + kept > LEG_BYTES) write_leg(leg);
      if (is_pcm) {
        short *to = (short *)(leg->bytes + leg->used);
        for (int at = start; at < size; at++) *to++ = samples[slots[i][at]];
      } else
        memcpy(leg->bytes + leg->used, slots[i] + start, kept);
      leg->used += kept;
    }
  } while (count == BATCH);
}

static void tick(long number) {
  for (int i = 0; i < leg_count; i++) {
    struct leg *leg = &legs[i];
    if (leg->fd < 0) continue;
    drain(leg);
    if ((number + i / 2) % WRITE_TICKS == 0) write_leg(leg);
    if (leg->ticks_left > 0 && --leg->ticks_left == 0) close_leg(leg);
  }
}

static void control(int fd) {
  char text[2048], answer[256];
  struct sockaddr_in from;
  socklen_t from_size = sizeof from;
  ssize_t size = recvfrom(fd, text, sizeof text - 1, MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
  if (size < 6) return;
  text[size] = 0;
  char *uuid = text + 5;
  uuid[strcspn(uuid, ":")] = 0;
  if (strlen(uuid) > 128 || strchr(uuid, '/') != NULL) return;
  int first = 0;
  while (first < leg_count && strcmp(legs[first].uuid, uuid) != 0) first += 2;
  if (strncmp(text, "INV ", 4) == 0) {
    /* One that comes again has the same answer. */
    if (first == leg_count) {
      open_leg(uuid, 'R');
      open_leg(uuid, 'W');
    }
    snprintf(answer, sizeof answer, "ACK :%s:%d:%d", uuid, legs[first].port, legs[first + 1].port);
  } else if (strncmp(text, "BYE ", 4) == 0) {
    for (int i = first; i < leg_count && i < first + 2; i++)
      if (legs[i].ticks_left < 0) legs[i].ticks_left = LAST_TICKS;
    snprintf(answer, sizeof answer, "ACK :%s", uuid);
  } else
    return;
  sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&from, from_size);
}

int main(int count, char **arguments) {
  int port, fd = open_udp(&port, CONTROL_RECEIVE_BYTES);
  long number = 0;
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  if (count < 2) return 2;
  folder = arguments[1];
  is_plain = count > 2 && strcmp(arguments[2], "plain") == 0;
  is_pcm = count > 2 && strcmp(arguments[2], "pcm") == 0;
  fill_samples();
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){slots[i], SLOT_BYTES};
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    if (is_plain) continue;
    headers[i].msg_hdr.msg_name = &names[i];
    headers[i].msg_hdr.msg_namelen = sizeof names[i];
    headers[i].msg_hdr.msg_control = controls[i];
    headers[i].msg_hdr.msg_controllen = sizeof controls[i];
  }
  printf("%d\n", port);
  fflush(stdout);
  for (long long due_ns = now_ns() + TICK_NS; !is_ended;) {
    long long left_ns = due_ns - now_ns();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct timespec left = {.tv_nsec = left_ns > 0 ? left_ns : 0};
    if (left_ns > 0 && ppoll(&ready, 1, &left, NULL) > 0) control(fd);
    if (now_ns() < due_ns) continue;
    tick(number++);
    do due_ns += TICK_NS;
    while (due_ns < now_ns());
  }
  for (int i = 0; i < leg_count; i++)
    if (legs[i].fd >= 0) {
      drain(&legs[i]);
      close_leg(&legs[i]);
    }
  return 0;
}
