import type { Config } from '../config/index.ts';

/** What most calls are: two legs of G.711. */
const LEGS = 2;
const SAMPLES_PER_S = 8000;

type Records = Pick<Config['records'], 'formats' | 'wavCodec' | 'hex'>;

/** What a running call takes, with both legs in G.711. */
export interface CallCost {
  bytesPerS: number;
  /** Those that stay when it is over, the manifest among them. */
  files: number;
  /** Sockets and open files. */
  descriptors: number;
}

export function callCost({ formats, wavCodec, hex }: Records): CallCost {
  let bytesPerS = 0;
  let open = 0;
  for (const format of formats) {
    // A leg's sample has two bytes, but for the codec's own one.
    const isNative = format === 'raw' || (format === 'wav' && wavCodec === 'native');
    bytesPerS += LEGS * SAMPLES_PER_S * (isNative ? 1 : 2);
    open += format === 'stereo' ? 1 : LEGS;
  }
  if (hex) {
    // Two digits a byte.
    bytesPerS += LEGS * SAMPLES_PER_S * 2;
    open += LEGS;
  }
  // The journal is opened for each line of it.
  return { bytesPerS, files: open + 1, descriptors: LEGS + open + 1 };
}
