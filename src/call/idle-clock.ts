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
  /** When its box last said that the channel lives; -1 where none ever did. Only from then on silence counts. */
  vouchedNs: number;
  /** When its channel hung up; null: it has not, as far as is known. */
  hangup: Hangup | null;
}

export interface Hangup {
  /** When it was known, on the monotonic clock. */
  atNs: number;
  cause: string | null;
  /** False where it is known from the channel's not being there any more: it was some time before. */
  isHeard: boolean;
}

export interface Overdue {
  reason: EndReason;
  words: string;
  /** When the call ended; null: at its last packet. */
  atNs: number | null;
}

/** So long after the hangup the tap's BYE may come, which is usually there before it. */
const BYE_AFTER_HANGUP_MS = 1000;

/** Whether a call has run out of time at `nowNs`, and of which. */
export function overdue(call: TimedCall, limits: CallLimits, nowNs: number): Overdue | null {
  const { hangup } = call;
  if (call.state === 'draining' || call.state === 'ended') return null;
  if (hangup && msSince(hangup.atNs, nowNs) >= BYE_AFTER_HANGUP_MS) {
    const cause = hangup.cause === null ? '' : ` (${hangup.cause})`;
    const words = `the channel hung up${cause} and no BYE came`;
    return { reason: 'hangup', words, atNs: hangup.isHeard ? hangup.atNs : null };
  }
  if (limits.maxDurationMs > 0 && msSince(call.startNs, nowNs) >= limits.maxDurationMs)
    return {
      reason: 'max-duration',
      words: `calls.max_duration (${seconds(limits.maxDurationMs)}) is over`,
      atNs: nowNs,
    };
  if (call.state === 'active') {
    const idleMs = msSince(Math.max(call.lastArrivalNs, call.vouchedNs), nowNs);
    const words = `no packet for ${seconds(limits.idleTimeoutMs)} and no BYE`;
    return idleMs >= limits.idleTimeoutMs ? { reason: 'idle', words, atNs: null } : null;
  }
  const silentMs = msSince(Math.max(call.startNs, call.vouchedNs), nowNs);
  return silentMs >= limits.noMediaTimeoutMs
    ? { reason: 'no-media', words: noMedia(limits), atNs: nowNs }
    : null;
}

/** In words that a call would be over for want of media, if its box did not say that the channel lives; else null. */
export function silentThough(call: TimedCall, limits: CallLimits, nowNs: number): string | null {
  if (call.state !== 'waiting' || msSince(call.startNs, nowNs) < limits.noMediaTimeoutMs)
    return null;
  return `${noMedia(limits)}; the call is kept, since FreeSWITCH says that its channel lives`;
}

function noMedia({ noMediaTimeoutMs }: CallLimits): string {
  return `no packet within ${seconds(noMediaTimeoutMs)} of the INV`;
}

function msSince(ns: number, nowNs: number): number {
  return (nowNs - ns) / 1e6;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
