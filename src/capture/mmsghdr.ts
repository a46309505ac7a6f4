import type { Libc } from './libc.ts';

/** Datagrams that one system call can bring: 1.3 s of a leg. */
export const BATCH_SIZE = 64;

/** The largest a datagram can be. The rest keeps the slots from falling on the same lines of the cache. */
const SLOT_BYTES = 65_536 + 192;
const HEADER_BYTES = 64;
const IOVEC_BYTES = 16;
const NAME_BYTES = 32;
const CONTROL_BYTES = 64;

const NAMELEN_WORD = 2;
const CONTROLLEN_WORD = 10;
const LENGTH_WORD = 14;
export const NAME_WORDS = NAME_BYTES / 4;

const CMSG_HEADER_BYTES = 16;
const SOL_SOCKET = 1;
const SCM_TIMESTAMPNS = 35;
const SCM_RXQ_OVFL = 40;

/**
 * What `recvmmsg` fills, made once for all sockets of a thread (64-bit Linux, little-endian):
 *
 *     struct mmsghdr, 64 bytes                        a control message, aligned to 8
 *     0  msg_name ────────► sockaddr, 32 bytes        0  cmsg_len, 8 bytes, this header included
 *     8  msg_namelen, 4 bytes                         8  cmsg_level, 4 bytes
 *     16 msg_iov ─────────► iovec: base ► slot, len   12 cmsg_type, 4 bytes
 *     24 msg_iovlen = 1                               16 data: SCM_TIMESTAMPNS: seconds, nanoseconds
 *     32 msg_control ─────► 64 bytes                           (8 bytes each), by the wall clock;
 *     40 msg_controllen                                        SCM_RXQ_OVFL: all drops of the socket
 *     48 msg_flags                                             so far, 4 bytes, where there are any
 *     56 msg_len, 4 bytes: the datagram's
 */
export class MessageBatch {
  /** Where the headers are, for `recvmmsg`. */
  readonly address: number;
  /** The datagrams. */
  readonly slots: readonly Uint8Array[];
  /** The senders' addresses, `NAME_WORDS` each. */
  readonly names: Uint32Array;
  /** Of the message that was read last: by the wall clock, -1 where the kernel did not say. */
  stampSeconds = -1;
  stampNanoseconds = 0;
  /** Of the message that was read last: what its socket has dropped since it was made, modulo 2^32. */
  overflows = 0;
  readonly #headers: Uint32Array;
  readonly #controls: Uint32Array;
  /** C has their addresses: while they are named here they stay. */
  readonly #held: readonly Uint8Array[];

  constructor(libc: Libc) {
    const [headers, iovecs, names, controls, payloads] = [
      new Uint8Array(BATCH_SIZE * HEADER_BYTES),
      new Uint8Array(BATCH_SIZE * IOVEC_BYTES),
      new Uint8Array(BATCH_SIZE * NAME_BYTES),
      new Uint8Array(BATCH_SIZE * CONTROL_BYTES),
      new Uint8Array(BATCH_SIZE * SLOT_BYTES),
    ] as const;
    this.#held = [headers, iovecs, names, controls, payloads];
    this.#headers = new Uint32Array(headers.buffer);
    this.#controls = new Uint32Array(controls.buffer);
    this.names = new Uint32Array(names.buffer);
    const [headersAt, iovecsAt, namesAt, controlsAt, payloadsAt] = this.#held.map((bytes) =>
      libc.address(bytes),
    ) as [number, number, number, number, number];
    this.address = headersAt;
    const header = new BigUint64Array(headers.buffer);
    const iovec = new BigUint64Array(iovecs.buffer);
    this.slots = Array.from({ length: BATCH_SIZE }, (_, i) => {
      header.set(
        [
          namesAt + i * NAME_BYTES,
          0,
          iovecsAt + i * IOVEC_BYTES,
          1,
          controlsAt + i * CONTROL_BYTES,
        ].map(BigInt),
        (i * HEADER_BYTES) / 8,
      );
      const start = i * SLOT_BYTES;
      iovec.set([BigInt(payloadsAt + start), BigInt(SLOT_BYTES)], i * 2);
      return payloads.subarray(start, start + SLOT_BYTES);
    });
    this.reset(BATCH_SIZE);
  }

  /** Makes the first `count` ready to be filled again: the kernel has put its own lengths there. */
  reset(count: number): void {
    const headers = this.#headers;
    for (let i = 0; i < count; i++) {
      headers[i * 16 + NAMELEN_WORD] = NAME_BYTES;
      headers[i * 16 + CONTROLLEN_WORD] = CONTROL_BYTES;
    }
  }

  sizeBytes(index: number): number {
    return this.#headers[index * 16 + LENGTH_WORD] as number;
  }

  /** Fills `stampSeconds`, `stampNanoseconds` and `overflows`. */
  readControl(index: number): void {
    const words = this.#controls;
    this.stampSeconds = -1;
    this.overflows = 0;
    const start = index * (CONTROL_BYTES / 4);
    const end = start + (this.#headers[index * 16 + CONTROLLEN_WORD] as number) / 4;
    for (let at = start; at + CMSG_HEADER_BYTES / 4 <= end; ) {
      const lengthBytes = words[at] as number;
      if (lengthBytes < CMSG_HEADER_BYTES) return;
      if (words[at + 2] === SOL_SOCKET && words[at + 3] === SCM_TIMESTAMPNS) {
        this.stampSeconds = (words[at + 4] as number) + (words[at + 5] as number) * 2 ** 32;
        this.stampNanoseconds = words[at + 6] as number;
      } else if (words[at + 2] === SOL_SOCKET && words[at + 3] === SCM_RXQ_OVFL)
        this.overflows = words[at + 4] as number;
      at += ((lengthBytes + 7) >> 3) * 2;
    }
  }
}
