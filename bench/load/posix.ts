import { createRequire } from 'node:module';

/** The calls of the C library that only the generator needs; `src/capture/libc.ts` has the others. Failures are -1. */
export interface Posix {
  connect(fd: number, address: Uint8Array, sizeBytes: number): number;
  /** `data` is the address of the bytes. */
  send(fd: number, data: number, sizeBytes: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, sizeBytes: number, flags: number): number;
  usleep(us: number): number;
  /** Where the bytes are, for as long as somebody in JavaScript holds them. */
  address(bytes: Uint8Array): number;
}

export const MSG_DONTWAIT = 0x40;
const AF_INET = 2;

export function loadPosix(): Posix {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const lib = koffi.load(null);
  return {
    connect: lib.func('int connect(int, void *, uint32_t)'),
    send: lib.func('intptr_t send(int, uintptr_t, size_t, int)'),
    recv: lib.func('intptr_t recv(int, void *, size_t, int)'),
    usleep: lib.func('int usleep(unsigned int)'),
    address: (bytes) => Number(koffi.address(bytes)),
  };
}

/** `struct sockaddr_in`; `host` is an IPv4 address. */
export function socketAddress(host: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(host.split('.').map(Number), 4);
  return bytes;
}
