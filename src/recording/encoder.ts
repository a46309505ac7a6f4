import {
  ALAW_SILENCE,
  decode,
  decodeG711,
  encodeAlaw,
  encodeUlaw,
  type Packet,
  type PcmCodec,
  ULAW_SILENCE,
} from '../audio/index.ts';
import type { Block } from './block.ts';

/** Turns packets into what a file stores. */
export interface Encoder {
  /** Of one sample. */
  readonly bytesPerSample: 1 | 2;
  /** The byte that silence is made of. */
  readonly silence: number;
  /** Puts `count` samples of the packet, from its sample `from` on, into the block where it is free. */
  encode(packet: Packet, from: number, count: number, block: Block): void;
}

/** 16-bit samples. */
export const LINEAR: Encoder = {
  bytesPerSample: 2,
  silence: 0,
  encode({ codec, bytes, start }, from, count, block) {
    const { samples, pairs } = block;
    const at = block.usedBytes / 2;
    if (codec === 'L16') decode(codec, bytes, start + from * 2, count, samples, at);
    else decodeG711(codec, bytes, start + from, count, samples, pairs, at);
  },
};

/** The codes of G.711 as they came; packets of another codec are put into this one. */
export function g711(codec: 'PCMU' | 'PCMA'): Encoder {
  const toCodes = codec === 'PCMU' ? encodeUlaw : encodeAlaw;
  return {
    bytesPerSample: 1,
    silence: codec === 'PCMU' ? ULAW_SILENCE : ALAW_SILENCE,
    encode(packet, from, count, block) {
      const start = packet.start + from * bytesPerCode(packet.codec);
      if (packet.codec === codec)
        return block.bytes.set(packet.bytes.subarray(start, start + count), block.usedBytes);
      const samples = new Int16Array(count);
      decode(packet.codec, packet.bytes, start, count, samples, 0);
      block.bytes.set(toCodes(samples), block.usedBytes);
    },
  };
}

function bytesPerCode(codec: PcmCodec): number {
  return codec === 'L16' ? 2 : 1;
}
