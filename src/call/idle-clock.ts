import type { CallState, EndReason } from './state.ts';

/** `[calls]` of the configuration. */
export interface CallLimits {
  idleTimeoutMs: number;
  noMediaTimeoutMs: number;
  /** 0: no limit. */
  maxDurationMs: number;
}

/** What the clock looks at. */
export interface TimedCall {
  state: CallState;
  startNs: number;
  /** -1 before the first packet. */
  lastArrivalNs: number;
}

export interface Overdue {
  reason: EndReason;
  words: string;
}

/** Whether a call has run out of time at `nowNs`, and of which. */
export function overdue(call: TimedCall, limits: CallLimits, nowNs: number): Overdue | null {
  const ageMs = (nowNs - call.startNs) / 1e6;
  if (call.state === 'draining' || call.state === 'ended') return null;
  if (limits.maxDurationMs > 0 && ageMs >= limits.maxDurationMs)
    return {
      reason: 'max-duration',
      words: `calls.max_duration (${seconds(limits.maxDurationMs)}) is over`,
    };
  if (call.state === 'active') {
    const idleMs = (nowNs - call.lastArrivalNs) / 1e6;
    return idleMs >= limits.idleTimeoutMs
      ? { reason: 'idle', words: `no packet for ${seconds(limits.idleTimeoutMs)} and no BYE` }
      : null;
  }
  return ageMs >= limits.noMediaTimeoutMs
    ? {
        reason: 'no-media',
        words: `no packet within ${seconds(limits.noMediaTimeoutMs)} of the INV`,
      }
    : null;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
