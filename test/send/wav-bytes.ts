import { readFileSync } from 'node:fs';

/** The samples of a plain 16-bit WAV file with a head of 44 bytes, read without the code under test. */
export function pcmOf(path: string): Int16Array {
  return new Int16Array(new Uint8Array(readFileSync(path).subarray(44)).buffer);
}

/** A plain 16-bit WAV file. */
export function wavOf(samples: Int16Array, sampleRate: number, channels = 1): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 2 * samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(2 * samples.length, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
