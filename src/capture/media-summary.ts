import type { LegName } from '../protocol/index.ts';
import type { MaskSpan, RecordingResult, TrackSummary } from '../recording/index.ts';

/** Why a datagram is in nobody's audio, in the order of the log. */
export const DROP_REASONS = [
  /** Another address or port than `media.source_lock` admits. */
  'wrong-source',
  /** Came to the ports of a call of another UUID. */
  'wrong-uuid',
  /** No message of the protocol. */
  'malformed',
  /** A frame of a further tap of the same channel. */
  'duplicate-tap',
  /** Of a call that has ended within the last minute. */
  'late',
  /** Of a call that nobody has announced. */
  'no-call',
  /** From outside of `server.allow`. */
  'not-allowed',
  /** Would have begun a call, while there were as many as `calls.max_calls`. */
  'too-many-calls',
  /** One of more than `server.max_inv_rate` or `server.max_garbage_rate` lets a source send. */
  'rate-limited',
  /** Not read in time: the buffer of its socket was full, and the kernel dropped it. */
  'kernel',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** Called for each datagram that is dropped, or for so many of them. */
export type OnDrop = (reason: DropReason, count?: number) => void;

/** What a worker knows of a call once its files are final. */
export interface MediaSummary {
  /** Length of the audio of both tracks. */
  durationMs: number;
  tracks: Record<LegName, TrackSummary>;
  recording: RecordingResult;
  masks: MaskSpan[];
  warnings: string[];
}
