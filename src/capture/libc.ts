import { createRequire } from 'node:module';

/** The calls of the C library that node has no door to. Those that fail return -1; `errno` says why. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, sizeBytes: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, sizeBytes: number): number;
  getsockopt(
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    sizeBytes: Uint8Array,
  ): number;
  getsockname(fd: number, address: Uint8Array, sizeBytes: Uint8Array): number;
  close(fd: number): number;
  /** `headers` is the address of so many `struct mmsghdr`; `timeout` 0 is none. */
  recvmmsg(fd: number, headers: number, count: number, flags: number, timeout: number): number;
  clock_gettime(clock: number, timespec: Uint8Array): number;
  inet_pton(family: number, text: string, address: Uint8Array): number;
  inet_ntop(family: number, address: Uint8Array, text: Uint8Array, sizeBytes: number): unknown;
  if_nametoindex(name: string): number;
  if_indextoname(index: number, name: Uint8Array): unknown;
  /** Of the call before, if nothing else of node ran since. */
  errno(): number;
  /** Where the bytes are. It stays true for as long as somebody in JavaScript holds them. */
  address(bytes: Uint8Array): number;
}

let loaded: Libc | null = null;

/** Opens the C library of this process. Throws where koffi is not installed for this machine. */
export function loadLibc(): Libc {
  if (loaded !== null) return loaded;
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const lib = koffi.load(null);
  loaded = {
    socket: lib.func('int socket(int, int, int)'),
    bind: lib.func('int bind(int, void *, uint32_t)'),
    setsockopt: lib.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: lib.func('int getsockopt(int, int, int, void *, void *)'),
    getsockname: lib.func('int getsockname(int, void *, void *)'),
    close: lib.func('int close(int)'),
    recvmmsg: lib.func('int recvmmsg(int, uintptr_t, unsigned int, int, uintptr_t)'),
    clock_gettime: lib.func('int clock_gettime(int, void *)'),
    inet_pton: lib.func('int inet_pton(int, const char *, void *)'),
    inet_ntop: lib.func('void *inet_ntop(int, void *, void *, uint32_t)'),
    if_nametoindex: lib.func('unsigned int if_nametoindex(const char *)'),
    if_indextoname: lib.func('void *if_indextoname(unsigned int, void *)'),
    errno: () => koffi.errno(),
    address: (bytes) => Number(koffi.address(bytes)),
  };
  return loaded;
}
