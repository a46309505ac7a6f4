import {
  ALAW_SILENCE,
  decode,
  encodeAlaw,
  encodeUlaw,
  type Packet,
  type PcmCodec,
  ULAW_SILENCE,
} from '../audio/index.ts';
import type { Block, CodesOf } from './block.ts';

/** Turns packets into what a file stores. */
export interface Encoder {
  /** Of one sample in the file. */
  readonly bytesPerSample: 1 | 2;
  /** The byte that silence is made of. */
  readonly silence: number;
  /** What packets of this codec are kept as until they are written. */
  keptAs(codec: PcmCodec): CodesOf;
  /** Puts `count` samples of the packet, from its sample `from` on, into a block of that kind where it is free. */
  encode(packet: Packet, from: number, count: number, block: Block): void;
}

/** 16-bit samples. G.711 is decoded when it is written: a second of it at once, and until then it takes half the memory. */
export const LINEAR: Encoder = {
  bytesPerSample: 2,
  silence: 0,
  keptAs: (codec) => (codec === 'L16' ? null : codec),
  encode({ codec, payload }, from, count, block) {
    if (codec === 'L16')
      decode(codec, payload, from * 2, count, block.samples, block.usedBytes / 2);
    else copy(payload, from, count, block);
  },
};

/** The codes of G.711 as they came; packets of another codec are put into this one. */
export function g711(codec: 'PCMU' | 'PCMA'): Encoder {
  const toCodes = codec === 'PCMU' ? encodeUlaw : encodeAlaw;
  return {
    bytesPerSample: 1,
    silence: codec === 'PCMU' ? ULAW_SILENCE : ALAW_SILENCE,
    keptAs: () => null,
    encode(packet, from, count, block) {
      const { payload } = packet;
      if (packet.codec === codec) return copy(payload, from, count, block);
      const samples = new Int16Array(count);
      decode(packet.codec, payload, from * bytesPerCode(packet.codec), count, samples, 0);
      block.bytes.set(toCodes(samples), block.usedBytes);
    },
  };
}

/** Nearly always it is the whole payload, and needs no view of its own. */
function copy(payload: Uint8Array, from: number, count: number, block: Block): void {
  const codes = count === payload.length ? payload : payload.subarray(from, from + count);
  block.bytes.set(codes, block.usedBytes);
}

function bytesPerCode(codec: PcmCodec): number {
  return codec === 'L16' ? 2 : 1;
}
