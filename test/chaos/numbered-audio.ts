import { encodeUlaw } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';

/** Bytes of a packet of 20 ms PCMU. */
export const PACKET_BYTES = 160;
/** μ-law's two zeros are one sample, so neither stands in a packet: silence is what was put in. */
const ZEROS = [0xff, 0x7f];
/** Codes that come through decoding and encoding as they were. */
const DIGITS = Array.from({ length: 254 }, (_, i) => (i < 0x7f ? i : i + 1)).filter(
  (code) => !ZEROS.includes(code),
);
const BASE = DIGITS.length;
const NUMBER_DIGITS = 4;

/** A packet that tells whose it is: its number in four digits, and noise that follows from all three. */
export function packetOf(call: number, leg: LegName, number: number): Uint8Array {
  const bytes = new Uint8Array(PACKET_BYTES);
  let rest = number;
  for (let i = 0; i < NUMBER_DIGITS; i++) {
    bytes[i] = DIGITS[rest % BASE] as number;
    rest = Math.floor(rest / BASE);
  }
  let state = (call * 2 + (leg === 'R' ? 0 : 1)) * 0x9e37_79b1 + number * 0x85eb_ca6b;
  for (let i = NUMBER_DIGITS; i < PACKET_BYTES; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = DIGITS[(state >>> 8) % BASE] as number;
  }
  return bytes;
}

/** A packet as it was found again in a track. */
export interface FoundPacket {
  number: number;
  atSample: number;
}

/**
 * Reads a track back into its packets. Throws where there is anything but whole packets of this leg, in
 * order and each once, and silence. `cutAtEnd`: the last packet may lack its end, and only silence follows.
 */
export function packetsIn(
  samples: Int16Array,
  call: number,
  leg: LegName,
  cutAtEnd = false,
): FoundPacket[] {
  const codes = encodeUlaw(samples);
  const found: FoundPacket[] = [];
  for (let at = 0; at < codes.length; ) {
    if (samples[at] === 0) {
      at++;
      continue;
    }
    const number = numberAt(codes, at);
    const expected = packetOf(call, leg, number);
    const right = rightCodes(codes, at, expected);
    if (right < PACKET_BYTES && !(cutAtEnd && isSilent(samples, at + right)))
      throw new Error(
        `${leg} of call ${call}: no packet at sample ${at} of ${codes.length} (${right} of number ${number})`,
      );
    if (right < PACKET_BYTES) break;
    const last = found.at(-1);
    if (last && number <= last.number)
      throw new Error(`${leg} of call ${call}: packet ${number} behind ${last.number}`);
    found.push({ number, atSample: at });
    at += PACKET_BYTES;
  }
  return found;
}

/** How many codes from there on are the packet's. */
function rightCodes(codes: Uint8Array, at: number, expected: Uint8Array): number {
  const wrong = expected.findIndex((code, i) => code !== codes[at + i]);
  return wrong < 0 ? PACKET_BYTES : wrong;
}

function isSilent(samples: Int16Array, from: number): boolean {
  return samples.subarray(from).every((sample) => sample === 0);
}

function numberAt(codes: Uint8Array, at: number): number {
  let number = 0;
  for (let i = NUMBER_DIGITS - 1; i >= 0; i--)
    number = number * BASE + DIGITS.indexOf(codes[at + i] ?? -1);
  return number;
}
