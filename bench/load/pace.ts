import { PACKETS_PER_SECOND } from './packet-mark.ts';

const PACKET_MS = 1000 / PACKETS_PER_SECOND;
/** Packets leave in so many groups, spread over the time of one. */
export const GROUPS = 20;
/** Calls do not all begin to speak at once, but one behind the other, all within so long. */
const RAMP_MS_PER_CALL = 10;
const MOST_RAMP_MS = 2000;

/** Until every one of so many calls speaks. */
export function rampMs(calls: number): number {
  return Math.min(calls * RAMP_MS_PER_CALL, MOST_RAMP_MS);
}

/** How late groups left, in ms. */
export interface Lateness {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/**
 * Says which packets are due: group after group, each call once in 20 ms. What was missed is due at once,
 * and nothing more than that.
 */
export class Pace {
  readonly #calls: number;
  #startMs = -1;
  #groups = 0;
  #lateMs: number[] = [];

  constructor(calls: number) {
    this.#calls = calls;
  }

  start(nowMs: number): void {
    this.#startMs = nowMs;
  }

  /** When the next group is due. */
  get dueMs(): number {
    return this.#startMs + (this.#groups * PACKET_MS) / GROUPS;
  }

  /** Hands on the calls of the next group. */
  group(nowMs: number, send: (call: number) => void): void {
    const dueMs = this.dueMs;
    this.#lateMs.push(nowMs - dueMs);
    const begun = Math.min(1, (dueMs - this.#startMs) / rampMs(this.#calls)) * this.#calls;
    for (let call = this.#groups % GROUPS; call < begun; call += GROUPS) send(call);
    this.#groups++;
  }

  /** Since the last time it was asked. */
  takeLateness(): Lateness {
    const sorted = Float64Array.from(this.#lateMs).sort();
    this.#lateMs = [];
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}
