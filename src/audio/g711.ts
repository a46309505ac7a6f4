/**
 * G.711 (ITU-T G.711) by table: 256 entries to decode, 65,536 to encode. Samples are 16-bit, mono,
 * the decoded values left-aligned as usual (μ-law ±32124, A-law ±32256).
 */
export const ULAW_SILENCE = 0xff;
export const ALAW_SILENCE = 0xd5;

export const ULAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
});

export const ALAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? mantissa : (mantissa + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});

function ulawOf(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(Math.abs(sample), 32635) + 0x84;
  const segment = Math.max(0, 24 - Math.clz32(biased));
  return ~(sign | (segment << 4) | ((biased >> (segment + 3)) & 0x0f)) & 0xff;
}

function alawOf(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : -sample - 1, 32767);
  const segment = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}

/** Indexed by `sample & 0xffff`. */
let linearToUlaw: Uint8Array | undefined;
let linearToAlaw: Uint8Array | undefined;

function encodeTable(encode: (sample: number) => number): Uint8Array {
  return Uint8Array.from({ length: 65536 }, (_, index) => encode((index << 16) >> 16));
}

export function encodeUlaw(samples: Int16Array): Uint8Array {
  linearToUlaw ??= encodeTable(ulawOf);
  return encodeBy(linearToUlaw, samples);
}

export function encodeAlaw(samples: Int16Array): Uint8Array {
  linearToAlaw ??= encodeTable(alawOf);
  return encodeBy(linearToAlaw, samples);
}

function encodeBy(table: Uint8Array, samples: Int16Array): Uint8Array {
  const codes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++)
    codes[i] = table[(samples[i] as number) & 0xffff] as number;
  return codes;
}
