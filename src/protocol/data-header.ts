import { type LegName, MAX_UUID_BYTES } from './message.ts';
import { NO_PAYLOAD_TYPE } from './payload-type.ts';

/**
 * The header of one DATA datagram, read in place. One object serves every packet of a receiver.
 *
 *     DATA:UUID:FLAG:PAYLOAD:LENGTH:bytes
 *          |    |    |       |      `- payloadStart, to the end of the datagram
 *          |    |    |       `- advisory: prebuilt modules send garbage here, so it is passed over;
 *          |    |    |          LENGTH,SEQ,TS where the ACK accepted it: seq and ts, else -1
 *          |    |    `- two digits, or empty: payloadType -1
 *          |    `- R or W
 *          `- uuidStart .. uuidEnd
 */
export class DataHeader {
  uuidStart = 5;
  uuidEnd = 5;
  leg: LegName = 'R';
  payloadType: number = NO_PAYLOAD_TYPE;
  payloadStart = 0;
  /**
   * The packet's number in its leg, and the media time of its first sample in samples since the tap
   * began; both modulo 2^32. They count only where the call's ACK accepted them.
   */
  seq = -1;
  ts = -1;
}

export type DataResult = 'data' | 'not-data' | 'malformed';

const COLON = 0x3a;

/** True where the first four bytes are `DATA`. */
export function isData(bytes: Uint8Array): boolean {
  return bytes[0] === 0x44 && bytes[1] === 0x41 && bytes[2] === 0x54 && bytes[3] === 0x41;
}

/**
 * Reads a DATA header into `header`; allocates nothing and never throws. `header` is meaningful only
 * after `'data'`. `size` is the datagram's length, for receive buffers that are longer.
 */
export function parseData(
  bytes: Uint8Array,
  header: DataHeader,
  size: number = bytes.length,
): DataResult {
  if (size < 4 || !isData(bytes)) return 'not-data';
  let at = 4;
  while (at < size && bytes[at] === 0x20) at++;
  if (at >= size || bytes[at] !== COLON) return 'malformed';
  header.uuidStart = ++at;
  for (; at < size && bytes[at] !== COLON; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x21 || byte > 0x7e) return 'malformed';
  }
  header.uuidEnd = at;
  const uuidBytes = at - header.uuidStart;
  if (uuidBytes < 1 || uuidBytes > MAX_UUID_BYTES) return 'malformed';
  const leg = bytes[at + 1];
  if (at + 2 >= size || bytes[at + 2] !== COLON) return 'malformed';
  if (leg === 0x52) header.leg = 'R';
  else if (leg === 0x57) header.leg = 'W';
  else return 'malformed';
  at += 3;
  let payloadType = NO_PAYLOAD_TYPE;
  for (const start = at; at < size && bytes[at] !== COLON; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9 || at - start > 2) return 'malformed';
    payloadType = Math.max(payloadType, 0) * 10 + digit;
  }
  if (at >= size) return 'malformed';
  header.payloadType = payloadType;
  at++;
  const lengthStart = at;
  for (; at < size && bytes[at] !== COLON; at++)
    if (at - lengthStart >= MAX_LENGTH_FIELD_BYTES) return 'malformed';
  if (at >= size) return 'malformed';
  header.payloadStart = at + 1;
  readNumbers(bytes, lengthStart, at, header);
  return 'data';
}

/** LENGTH is never used, but a field this long is no header of ours. */
const MAX_LENGTH_FIELD_BYTES = 40;
const MAX_NUMBER = 0xffff_ffff;
const COMMA = 0x2c;

/** Reads SEQ and TS where the field is `digits,digits,digits` and both fit into 32 bits. */
function readNumbers(bytes: Uint8Array, start: number, end: number, header: DataHeader): void {
  header.seq = -1;
  header.ts = -1;
  let commas = 0;
  let digits = 0;
  let value = 0;
  let seq = -1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === COMMA) {
      if (digits === 0 || ++commas > 2) return;
      if (commas === 2) seq = value;
      digits = 0;
      value = 0;
      continue;
    }
    if (byte < 0x30 || byte > 0x39) return;
    digits++;
    value = value * 10 + byte - 0x30;
  }
  if (commas < 2 || digits === 0 || seq > MAX_NUMBER || value > MAX_NUMBER) return;
  header.seq = seq;
  header.ts = value;
}

/** True where the header's UUID is `uuid`, compared byte by byte without making a string. */
export function uuidEquals(bytes: Uint8Array, header: DataHeader, uuid: Uint8Array): boolean {
  const length = header.uuidEnd - header.uuidStart;
  if (length !== uuid.length) return false;
  for (let i = length - 1; i >= 0; i--) if (bytes[header.uuidStart + i] !== uuid[i]) return false;
  return true;
}

/** The header's UUID as a string. */
export function uuidOf(bytes: Uint8Array, header: DataHeader): string {
  let uuid = '';
  for (let i = header.uuidStart; i < header.uuidEnd; i++)
    uuid += String.fromCharCode(bytes[i] as number);
  return uuid;
}
