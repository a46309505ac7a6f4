import type { CallStats, LegStats, Source } from '../capture/index.ts';
import type { Call } from './call.ts';
import type { CallState } from './state.ts';

/** A call that takes media now. */
export interface LiveCall {
  uuid: string;
  /** Null as long as no event tells. */
  box: string | null;
  caller: string;
  callee: string;
  direction: string | null;
  /** RFC 3339 */
  startedAt: string;
  ageMs: number;
  state: CallState;
  /** Where the tap that is recorded sends from. */
  source: Source;
  tracks: Record<'R' | 'W', LiveTrack>;
}

export interface LiveTrack {
  /** Of its first packet that can be placed; null before that. */
  codec: string | null;
  packets: number;
  /** How long ago; null before the first. */
  lastPacketMs: number | null;
  /** RMS of about 100 ms within the last second, in dBFS; null where none was measured, as before somebody asks. */
  levelDb: number | null;
}

/** `stats` is undefined where the call's worker has not told. */
export function liveCallOf(call: Call, stats: CallStats | undefined, nowNs: number): LiveCall {
  const { uuid, box, caller, callee, direction } = call.facts;
  return {
    uuid,
    box,
    caller,
    callee,
    direction,
    startedAt: new Date(call.startedAtMs).toISOString(),
    ageMs: Math.round((nowNs - call.startNs) / 1e6),
    state: call.state,
    source: call.tap.source,
    tracks: { R: trackOf(stats?.legs.R, nowNs), W: trackOf(stats?.legs.W, nowNs) },
  };
}

function trackOf(leg: LegStats | undefined, nowNs: number): LiveTrack {
  const { codec = null, packets = 0, lastArrivalNs = -1, levelDb = null } = leg ?? {};
  const agoMs = Math.max(0, Math.round((nowNs - lastArrivalNs) / 1e6));
  return { codec, packets, lastPacketMs: lastArrivalNs < 0 ? null : agoMs, levelDb };
}
