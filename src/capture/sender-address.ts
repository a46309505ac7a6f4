import type { Libc } from './libc.ts';
import { NAME_WORDS } from './mmsghdr.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** An IPv6 address as text, its end included. */
const TEXT_BYTES = 46;
const INTERFACE_BYTES = 16;
/** Addresses as text, each once: two that are the same string are compared at once. */
const ADDRESSES = new Map<string, string>();
const MAX_ADDRESSES = 4096;

/** Who sent to a socket last: as text, made anew only where it is somebody else. */
export class SenderAddress {
  address = '';
  port = 0;
  readonly #libc: Libc;
  /**
   * `struct sockaddr_in` and `sockaddr_in6`, by words of 4 bytes:
   *
   *     0  family, port in network order
   *     1  IPv4: the address         IPv6: flow, no part of the address
   *     2                            IPv6: the address, 4 words
   *     6                            IPv6: the interface of a link-local one
   */
  readonly #words = new Uint32Array(NAME_WORDS);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Takes the address that begins at `start`. */
  read(words: Uint32Array, start: number): void {
    const known = this.#words;
    const first = words[start] as number;
    if (first !== known[0]) this.port = ((first >>> 8) & 0xff00) | (first >>> 24);
    const isSame =
      (first & 0xffff) === ((known[0] as number) & 0xffff) &&
      ((first & 0xffff) === AF_INET
        ? words[start + 1] === known[1]
        : words[start + 2] === known[2] &&
          words[start + 3] === known[3] &&
          words[start + 4] === known[4] &&
          words[start + 5] === known[5] &&
          words[start + 6] === known[6]);
    known[0] = first;
    if (isSame) return;
    for (let i = 1; i < NAME_WORDS; i++) known[i] = words[start + i] as number;
    const bytes = new Uint8Array(known.buffer);
    this.address = onlyOne(
      (first & 0xffff) === AF_INET ? bytes.subarray(4, 8).join('.') : this.#textOf(bytes),
    );
  }

  /** As node writes it, which names the interface of a link-local address. */
  #textOf(bytes: Uint8Array): string {
    const text = new Uint8Array(TEXT_BYTES);
    this.#libc.inet_ntop(AF_INET6, bytes.subarray(8, 24), text, TEXT_BYTES);
    const isLinkLocal = bytes[8] === 0xfe && ((bytes[9] as number) & 0xc0) === 0x80;
    const scope = this.#words[6] as number;
    if (!isLinkLocal || scope === 0) return textIn(text);
    const name = new Uint8Array(INTERFACE_BYTES);
    this.#libc.if_indextoname(scope, name);
    return `${textIn(text)}%${textIn(name)}`;
  }
}

function onlyOne(address: string): string {
  const known = ADDRESSES.get(address);
  if (known !== undefined) return known;
  if (ADDRESSES.size === MAX_ADDRESSES) ADDRESSES.clear();
  ADDRESSES.set(address, address);
  return address;
}

/** Text that C ended with a zero. */
function textIn(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1');
}
