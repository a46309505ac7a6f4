import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from './g711.ts';

/** Tables that give a code as the first and as the second sample of a pair, in one 32-bit number each. */
const ULAW_PAIRS = pairTables(ULAW_TO_LINEAR);
const ALAW_PAIRS = pairTables(ALAW_TO_LINEAR);

/** The codecs that decode to 16-bit samples here, sample by sample. L16 is little-endian on this wire, unlike in RTP. */
export type PcmCodec = 'PCMU' | 'PCMA' | 'L16';

export function isPcmCodec(codec: string | undefined): codec is PcmCodec {
  return codec === 'PCMU' || codec === 'PCMA' || codec === 'L16';
}

/** Samples in a payload of `sizeBytes`; half a sample at the end of L16 is let go. */
export function samplesIn(codec: PcmCodec, sizeBytes: number): number {
  return codec === 'L16' ? sizeBytes >> 1 : sizeBytes;
}

/** Decodes `count` samples of the payload that begins at `bytes[start]` to `out[at]` and on. */
export function decode(
  codec: PcmCodec,
  bytes: Uint8Array,
  start: number,
  count: number,
  out: Int16Array,
  at: number,
): void {
  if (codec === 'L16') {
    for (let i = 0, from = start; i < count; i++, from += 2)
      out[at + i] = (bytes[from] as number) | ((bytes[from + 1] as number) << 8);
    return;
  }
  const table = codec === 'PCMU' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
  for (let i = 0; i < count; i++) out[at + i] = table[bytes[start + i] as number] as number;
}

/**
 * Decodes G.711 as `decode` does, two samples with each store, which takes half the time. `pairs` is the
 * memory of `out`, on a little-endian machine.
 */
export function decodeG711(
  codec: 'PCMU' | 'PCMA',
  bytes: Uint8Array,
  start: number,
  count: number,
  out: Int16Array,
  pairs: Int32Array,
  at: number,
): void {
  const { first, second } = codec === 'PCMU' ? ULAW_PAIRS : ALAW_PAIRS;
  const end = start + count;
  let from = start;
  let to = at;
  if (to % 2 === 1 && from < end) out[to++] = first[bytes[from++] as number] as number;
  for (; from + 1 < end; from += 2, to += 2)
    pairs[to >> 1] =
      (first[bytes[from] as number] as number) | (second[bytes[from + 1] as number] as number);
  if (from < end) out[to] = first[bytes[from] as number] as number;
}

function pairTables(table: Int16Array): { first: Int32Array; second: Int32Array } {
  return {
    first: Int32Array.from(table, (sample) => sample & 0xffff),
    second: Int32Array.from(table, (sample) => sample << 16),
  };
}

/**
 * True where the magnitude of each of `count` samples is below `limit`. It ends at the first that is not,
 * which in speech comes soon.
 */
export function isBelow(
  limit: number,
  codec: PcmCodec,
  bytes: Uint8Array,
  start: number,
  count: number,
): boolean {
  if (codec === 'L16') {
    for (let i = 0, at = start; i < count; i++, at += 2) {
      const sample = (((bytes[at] as number) | ((bytes[at + 1] as number) << 8)) << 16) >> 16;
      if (sample >= limit || sample <= -limit) return false;
    }
    return true;
  }
  const table = codec === 'PCMU' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
  for (let at = start; at < start + count; at++) {
    const sample = table[bytes[at] as number] as number;
    if (sample >= limit || sample <= -limit) return false;
  }
  return true;
}
