import type { Codec, LegName } from '../protocol/index.ts';

/** What a worker knows of a live call. */
export interface CallStats {
  callId: number;
  legs: Record<LegName, LegStats>;
}

export interface LegStats {
  /** Of the first packet that could be placed; null before that. */
  codec: Codec | null;
  packets: number;
  /** -1 before the first packet. */
  lastArrivalNs: number;
  /** See `LevelMeter`. */
  levelDb: number | null;
}
