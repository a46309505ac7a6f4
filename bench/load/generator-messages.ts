import type { Lateness } from './pace.ts';
import type { TapOptions } from './taps.ts';

/** What the generator is asked, one thing after the other; each has one answer. */
export type ToGenerator =
  | { kind: 'invite'; options: TapOptions }
  | { kind: 'start' }
  /** Figures since `start`, lateness since the last time. */
  | { kind: 'count' }
  | { kind: 'stop' }
  | { kind: 'bye' };

export interface Answered {
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** What had to be sent again. */
  resent: number;
  /** Calls that wanted ports and got none. */
  portless: number;
}

export interface Count {
  /** On the clock that all processes of the machine share. */
  atMs: number;
  sent: number;
  /** `send` refused them: they never left. */
  failed: number;
  late: Lateness;
  /** Of the generator, since it was made. */
  cpuUs: number;
}

export type FromGenerator =
  | { kind: 'answered'; figures: Answered }
  | { kind: 'started' }
  | { kind: 'counted'; count: Count }
  | { kind: 'stopped'; count: Count; sentByLeg: Uint32Array }
  | { kind: 'failed'; text: string };
