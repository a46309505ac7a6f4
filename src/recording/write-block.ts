import { write } from 'node:fs';
import { decodeG711 } from '../audio/index.ts';
import type { CodesOf } from './block.ts';

/**
 * Writes `bytes[start .. start + length)` at `position` of a file, decoded to 16-bit samples where they are
 * codes. `done` gets the system's error, or how many of them are written, which may be fewer.
 */
export type WriteBlock = (
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
  codesOf: CodesOf,
  done: (error: Error | null, takenBytes: number) => void,
) => void;

/** Bytes in the file for each byte of the block. */
export function widthOf(codesOf: CodesOf): 1 | 2 {
  return codesOf === null ? 1 : 2;
}

/** Decodes codes into `samples` from its beginning on; returns the bytes that these take. */
export function decodeBlock(
  bytes: Uint8Array,
  start: number,
  length: number,
  codesOf: 'PCMU' | 'PCMA',
  samples: Int16Array,
): number {
  const pairs = new Int32Array(samples.buffer, samples.byteOffset, samples.length >> 1);
  decodeG711(codesOf, bytes, start, length, samples, pairs, 0);
  return length * 2;
}

/** By one of node's own threads. */
export const writeByNode: WriteBlock = (fd, bytes, start, length, position, codesOf, done) => {
  if (codesOf === null) return write(fd, bytes, start, length, position, done);
  const samples = new Int16Array(length + (length & 1));
  const size = decodeBlock(bytes, start, length, codesOf, samples);
  const decoded = new Uint8Array(samples.buffer, 0, size);
  // Half a sample is written again.
  write(fd, decoded, 0, size, position, (error, written) => done(error, written >> 1));
};
