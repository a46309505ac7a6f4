import type { LegName } from '../../src/protocol/index.ts';
import type { SampleForm } from './leg-check.ts';

/** What a subject has kept of a leg. */
export interface KeptLeg {
  /** Packets, by its own count. */
  received: number;
  audio: Uint8Array | Int16Array;
  /** Packets that it says it has left out because they came before their time. */
  takenOut: number;
  /** What it says it has dropped, by reason. */
  dropped: Record<string, number>;
}

/** What is measured: a server that takes taps, in a process of its own. */
export interface Subject extends AsyncDisposable {
  readonly pid: number;
  /** It has event loops, and tells at SIGUSR2 how late they are. */
  readonly hasLoops: boolean;
  /** Where its ports are. */
  readonly host: string;
  /** The control port. */
  readonly port: number;
  readonly form: SampleForm;
  /** Ends it once everything is in its files. */
  stop(): Promise<void>;
  /** What it has kept of a call, once it has ended; null where it knows nothing of it. */
  kept(uuid: string): Promise<Record<LegName, KeptLeg> | null>;
  /** Warnings and errors in its log since it listened, how often each; numbers in them are N. */
  complaints(): Record<string, number>;
}

export const SUBJECT_NAMES = [
  'batched',
  'dgram',
  'bare',
  'floor',
  'floor-pcm',
  'floor-plain',
] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number];

export interface SubjectOptions {
  calls: number;
  /** Calls beside them: those of the probe, whose ports rest for a while. */
  probes: number;
  /** Environment for those that run in node. */
  env: Record<string, string>;
}
