import type { LegName } from '../../src/protocol/index.ts';

/** 20 ms of PCMU. */
export const PAYLOAD_BYTES = 160;
export const PACKETS_PER_SECOND = 50;

/** Digits of a number in a payload, each of 6 bits: 87 minutes of packets, and 131,072 calls. */
const DIGITS = 3;
/** The packet's number stands at both ends, so that a half-written packet is none. */
const TAIL = PAYLOAD_BYTES - DIGITS;

/**
 * What a packet holds is a function of its leg and its number, and no byte of it is silence:
 *
 *     0 number, 3 │ 3 leg, 3 │ 6 noise of the leg, 151 │ 157 number, 3
 *
 * Codes are 0 to 63, of the 256 of PCMU.
 */
export function payloadOf(leg: number): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  let state = (leg + 1) * 0x9e3779b1;
  for (let i = 2 * DIGITS; i < TAIL; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    payload[i] = state >>> 26;
  }
  writeDigits(payload, DIGITS, leg);
  writeNumber(payload, 0, 0);
  return payload;
}

/** Writes the number into the payload that begins at `start`. */
export function writeNumber(bytes: Uint8Array, start: number, number: number): void {
  writeDigits(bytes, start, number);
  writeDigits(bytes, start + TAIL, number);
}

/**
 * The number of the packet that begins at `start` of `codes`, and -1 where there is none of this leg.
 * `codeOf` gives the code behind an element, `expected` is the leg's payload as elements.
 */
export function readNumber(
  elements: Uint8Array | Int16Array,
  start: number,
  expected: Uint8Array | Int16Array,
  codeOf: Uint8Array,
): number {
  for (let i = DIGITS; i < TAIL; i++) if (elements[start + i] !== expected[i]) return -1;
  const number = readDigits(elements, start, codeOf);
  return number === readDigits(elements, start + TAIL, codeOf) ? number : -1;
}

function writeDigits(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 12;
  bytes[at + 1] = (value >>> 6) & 63;
  bytes[at + 2] = value & 63;
}

function readDigits(elements: Uint8Array | Int16Array, at: number, codeOf: Uint8Array): number {
  let value = 0;
  for (let i = at; i < at + DIGITS; i++) {
    const code = codeOf[(elements[i] as number) & 0xffff] as number;
    if (code > 63) return -1;
    value = value * 64 + code;
  }
  return value;
}

/** Call and leg as one number, and how the call is named. */
export function legNumber(call: number, leg: LegName): number {
  return 2 * call + (leg === 'R' ? 0 : 1);
}

/** As long as FreeSWITCH's own are. */
export function uuidOfCall(call: number): string {
  return `7d4dbb1c-3f0a-4c7e-8c53-${String(call).padStart(12, '0')}`;
}
