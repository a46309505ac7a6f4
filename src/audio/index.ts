export { CallClock } from './call-clock.ts';
export { decode, decodeG711, isBelow, isPcmCodec, type PcmCodec, samplesIn } from './decode.ts';
export { isFiller } from './filler.ts';
export {
  ALAW_SILENCE,
  ALAW_TO_LINEAR,
  encodeAlaw,
  encodeUlaw,
  ULAW_SILENCE,
  ULAW_TO_LINEAR,
} from './g711.ts';
export type { Gap } from './gap-list.ts';
export type { LegTimeline } from './leg-timeline.ts';
export { HeldPacket, Packet } from './packet.ts';
export { resample } from './resample.ts';
export { SequencedTimeline, type SequenceStart } from './sequenced-timeline.ts';
export { g723Samples, g729Samples, SPEECH_RATE } from './speech-codec.ts';
export { StreamResampler } from './stream-resampler.ts';
export { Timeline, type TimelineOutput } from './timeline.ts';
export { parseWav } from './wav-file.ts';
