import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path`, with room for the NUL behind it. */
const MAX_PATH_BYTES = 107;

/** A Unix datagram socket to one receiver, which node has no door to. */
export interface UnixDatagrams {
  /** `full`: the receiver has not read what it has. Throws the system's error. */
  send(text: string): 'sent' | 'full';
  close(): void;
}

/**
 * Opens one to `address`, a path or, behind an `@`, a name without a file. It is kept open: a process that
 * has no descriptor left can still send.
 *
 * Throws where koffi is not installed for this machine, and the system's error.
 */
export function openUnixDatagrams(address: string): UnixDatagrams {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const lib = koffi.load(null);
  const socket = lib.func('int socket(int, int, int)');
  const sendto = lib.func('intptr_t sendto(int, void *, size_t, int, void *, uint32_t)');
  const closeFd = lib.func('int close(int)');
  const failure = (syscall: string): Error => {
    const code = getSystemErrorName(-koffi.errno());
    return Object.assign(new Error(`${syscall} ${code} ${address}`), { code, syscall });
  };
  const name = unixAddress(address);
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd === -1) throw failure('socket');
  return {
    send(text) {
      const bytes = Buffer.from(text);
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      if (Number(sendto(fd, bytes, bytes.length, flags, name, name.length)) >= 0) return 'sent';
      const error = failure('sendto');
      if ('code' in error && (error.code === 'EAGAIN' || error.code === 'ENOBUFS')) return 'full';
      throw error;
    },
    close: () => closeFd(fd),
  };
}

/** `struct sockaddr_un`. A name without a file has a NUL in the place of the `@`, and ends where it is over. */
export function unixAddress(address: string): Uint8Array {
  const isAbstract = address.startsWith('@');
  if (!isAbstract && !address.startsWith('/'))
    throw new Error(`${address} is neither a path nor @ and a name`);
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > MAX_PATH_BYTES + 1) throw new Error(`${address} is too long for a socket`);
  const bytes = new Uint8Array(2 + path.length);
  new Uint16Array(bytes.buffer, 0, 1)[0] = AF_UNIX;
  bytes.set(path, 2);
  return bytes;
}
