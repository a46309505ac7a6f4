import type { SinkFormat } from './sink.ts';

const NOTHING = new Uint8Array(0);

/** Headerless 16-bit little-endian samples. */
export const PCM: SinkFormat = {
  name: 'pcm',
  extension: 'pcm',
  head: () => NOTHING,
  finalHead: () => NOTHING,
  tail: () => NOTHING,
};
