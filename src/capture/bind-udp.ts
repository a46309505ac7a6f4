import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Libc } from './libc.ts';
import { AF_INET, AF_INET6 } from './sender-address.ts';

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SO_RXQ_OVFL = 40;

/**
 * The kernel doubles it, and counts 768 bytes for a small datagram, up to 2,304 and more for a large one
 * or where the network card has it so: 4 s of 20 ms packets at the least.
 */
const RECEIVE_BUFFER_BYTES = 512 * 1024;

/** A UDP socket of the system. */
export interface BoundUdp {
  fd: number;
  /** In numbers, where `host` was a name. */
  address: string;
  port: number;
  /** What the kernel keeps for it, its own overhead not included. */
  bufferBytes: number;
}

export interface BindOptions {
  receiveBufferBytes?: number;
  /** Beside other sockets of this port that are shared too. */
  isShared?: boolean;
}

/** Opens a socket at `host:port`, as node does, that tells arrival times and drops. Rejects with the system's error. */
export async function bindUdp(
  libc: Libc,
  host: string,
  port: number,
  { receiveBufferBytes = RECEIVE_BUFFER_BYTES, isShared = false }: BindOptions = {},
): Promise<BoundUdp> {
  const family = isIPv6(host) ? 6 : 4;
  const address = isIP(host) === 0 ? (await lookup(host, { family })).address : host;
  const fd = libc.socket(family === 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd === -1) throw systemError(libc, 'socket', host, port);
  if (isShared) share(libc, fd);
  setOption(libc, fd, SO_TIMESTAMPNS, 1);
  setOption(libc, fd, SO_RXQ_OVFL, 1);
  // Beyond net.core.rmem_max for root only; others get as much as that allows.
  if (setOption(libc, fd, SO_RCVBUFFORCE, receiveBufferBytes) === -1)
    setOption(libc, fd, SO_RCVBUF, receiveBufferBytes);
  const name = socketAddress(libc, address, port);
  if (libc.bind(fd, name, name.length) === -1) {
    const error = systemError(libc, 'bind', host, port);
    libc.close(fd);
    throw error;
  }
  libc.getsockname(fd, name, wordOf(name.length));
  const boundPort = ((name[2] as number) << 8) | (name[3] as number);
  return { fd, address, port: boundPort, bufferBytes: bufferBytesOf(libc, fd) };
}

/** Has a socket share its port with others of this user that share it too, bound before it or after. */
export function share(libc: Libc, fd: number): void {
  setOption(libc, fd, SO_REUSEPORT, 1);
}

function setOption(libc: Libc, fd: number, option: number, value: number): number {
  return libc.setsockopt(fd, SOL_SOCKET, option, wordOf(value), 4);
}

/** The kernel tells twice that, its own overhead included. */
function bufferBytesOf(libc: Libc, fd: number): number {
  const value = wordOf(0);
  libc.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, wordOf(value.length));
  return (new Int32Array(value.buffer)[0] as number) / 2;
}

function wordOf(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** `struct sockaddr_in` or `sockaddr_in6`; see `SenderAddress`. */
function socketAddress(libc: Libc, address: string, port: number): Uint8Array {
  const [host = '', zone] = address.split('%');
  const isSix = isIPv6(address);
  const bytes = new Uint8Array(isSix ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isSix ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  libc.inet_pton(isSix ? AF_INET6 : AF_INET, host, bytes.subarray(isSix ? 8 : 4));
  if (zone !== undefined) view.setUint32(24, libc.if_nametoindex(zone), true);
  return bytes;
}

function systemError(libc: Libc, syscall: string, address: string, port: number): Error {
  const errno = -libc.errno();
  const code = getSystemErrorName(errno);
  const error = new Error(`${syscall} ${code} ${address}:${port}`);
  return Object.assign(error, { errno, code, syscall, address, port });
}
