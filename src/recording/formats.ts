import type { PcmCodec } from '../audio/index.ts';
import { type Encoder, g711, LINEAR } from './encoder.ts';
import { PCM } from './pcm.ts';
import type { SinkFormat } from './sink.ts';
import { WAV } from './wav.ts';

/** `records.formats` */
export type FormatName = 'wav' | 'pcm' | 'raw' | 'stereo';

/** One file of a track: how it looks, what fills it, and whether it is only a step on the way. */
export interface SinkPlan {
  format: SinkFormat;
  codec: PcmCodec;
  encoder: Encoder;
  temporary: boolean;
}

/** The files of a track whose first packet has this codec. Raw files are not among them: they hold payloads, not samples. */
export function planOf(
  formats: readonly FormatName[],
  wavCodec: 'pcm' | 'native',
  codec: PcmCodec,
): SinkPlan[] {
  const plans: SinkPlan[] = [];
  const linear = { codec: 'L16', encoder: LINEAR } as const;
  if (formats.includes('wav')) {
    const native = wavCodec === 'native' && codec !== 'L16';
    const samples = native ? { codec, encoder: g711(codec) } : linear;
    plans.push({ format: WAV, ...samples, temporary: false });
  }
  if (formats.includes('pcm')) plans.push({ format: PCM, ...linear, temporary: false });
  if (formats.includes('stereo')) plans.push({ format: HALF, ...linear, temporary: true });
  return plans;
}

/** One channel of a stereo file, until both are complete. */
const HALF: SinkFormat = { ...PCM, name: 'stereo', extension: 'stereo' };
