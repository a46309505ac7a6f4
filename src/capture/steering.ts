import type { Libc } from './libc.ts';

/** So many sockets take the DATA of a control port. */
export const DATA_SOCKETS = 64;

const INDEX_BITS = 6;
/** A UUID is told by so many of its bytes: those that FreeSWITCH makes have 36. */
const UUID_BYTES = 36;
const UUID_START = 5;
/** 2^32 divided by the golden ratio: spreads what differs little. */
const FACTOR = 2_654_435_761;

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;

const LDB = 0x30;
const LDX_IMM = 0x01;
const JEQ = 0x15;
const ADD_X = 0x0c;
const ADD = 0x04;
const MUL = 0x24;
const RSH = 0x74;
const TAX = 0x07;
const TXA = 0x87;
const RET = 0x06;
const RET_A = 0x16;
const BYTE_STEPS = 5;
const INSTRUCTION_BYTES = 8;
const D = 0x44;
const COLON = 0x3a;

/**
 * The classic BPF program that chooses a datagram's socket, of those that share a port in the order of their
 * binding. It runs over the payload in the kernel; A and X are its two registers, and a load from beyond
 * the datagram's end ends it with 0:
 *
 *            ldb  [0]
 *            jeq  'D'  ──no──►  ret 0         socket 0: INV, BYE, and what is no message
 *            ldx  0
 *        ┌─► ldb  [5 + i]                     the bytes of the UUID, i = 0 … 35, written out
 *        │   jeq  ':'  ──yes─►  done
 *        │   add  x
 *        │   mul  2654435761
 *        └── tax                              X = (X + byte) · 2654435761 mod 2^32
 *     done:  txa
 *            rsh  26                          its upper 6 bits
 *            add  1
 *            ret  a                           socket 1 … 64: DATA, a call's always the same
 *
 * Only bytes before the UUID's end count, so that all packets of a call stay in order.
 */
function program(): Uint8Array {
  const steps: [code: number, jumpTrue: number, jumpFalse: number, operand: number][] = [
    [LDB, 0, 0, 0],
    [JEQ, 1, 0, D],
    [RET, 0, 0, 0],
    [LDX_IMM, 0, 0, 0],
  ];
  for (let i = 0; i < UUID_BYTES; i++) {
    const toDone = (UUID_BYTES - i) * BYTE_STEPS - 2;
    steps.push([LDB, 0, 0, UUID_START + i], [JEQ, toDone, 0, COLON]);
    steps.push([ADD_X, 0, 0, 0], [MUL, 0, 0, FACTOR], [TAX, 0, 0, 0]);
  }
  steps.push([TXA, 0, 0, 0], [RSH, 0, 0, 32 - INDEX_BITS], [ADD, 0, 0, 1], [RET_A, 0, 0, 0]);
  const bytes = new Uint8Array(steps.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  steps.forEach(([code, jumpTrue, jumpFalse, operand], i) => {
    view.setUint16(i * INSTRUCTION_BYTES, code, true);
    view.setUint8(i * INSTRUCTION_BYTES + 2, jumpTrue);
    view.setUint8(i * INSTRUCTION_BYTES + 3, jumpFalse);
    view.setUint32(i * INSTRUCTION_BYTES + 4, operand, true);
  });
  return bytes;
}

/** Has the kernel choose by it among all sockets that share the port of `fd`; false where it will not. */
export function steer(libc: Libc, fd: number): boolean {
  const steps = program();
  // struct sock_fprog: how many instructions, and at 8 where they are.
  const description = new Uint8Array(16);
  const view = new DataView(description.buffer);
  view.setUint16(0, steps.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, BigInt(libc.address(steps)), true);
  const size = description.length;
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, description, size) === 0;
}

/** The socket, from 0, of those for DATA that the program chooses for this UUID. */
export function dataSocketOf(uuid: string): number {
  let hash = 0;
  for (let i = 0; i < uuid.length && i < UUID_BYTES; i++)
    hash = Math.imul(hash + uuid.charCodeAt(i), FACTOR);
  return hash >>> (32 - INDEX_BITS);
}
