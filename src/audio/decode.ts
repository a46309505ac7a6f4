import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from './g711.ts';

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
