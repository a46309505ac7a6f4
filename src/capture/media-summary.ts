import type { LegName } from '../protocol/index.ts';
import type { RecordingResult, TrackSummary } from '../recording/index.ts';

/** Why a datagram that reached a call is not in its audio. */
export type DropReason =
  | 'malformed'
  | 'wrong-uuid'
  | 'wrong-source'
  | 'duplicate-tap'
  | 'undecodable';

/** What a worker knows of a call once its files are final. */
export interface MediaSummary {
  /** Length of the audio of both tracks. */
  durationMs: number;
  tracks: Record<LegName, TrackSummary>;
  recording: RecordingResult;
  warnings: string[];
}
