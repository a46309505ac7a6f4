import type { Gap } from '../audio/index.ts';
import type { LegName } from '../protocol/index.ts';
import type { RecordingResult } from '../recording/index.ts';

/** Why a datagram that reached a call is not in its audio. */
export type DropReason =
  | 'malformed'
  | 'wrong-uuid'
  | 'wrong-source'
  | 'duplicate-tap'
  | 'undecodable';

/** What a track's packets came to; the fields are those of the manifest. */
export interface TrackSummary {
  codec: string | null;
  payloadTypes: number[];
  ptimeMs: number | null;
  sampleRate: number | null;
  packets: number;
  bytes: number;
  samples: number;
  gaps: Gap[];
  lostPackets: number;
  driftCorrections: Gap[];
  dropped: Partial<Record<DropReason, number>>;
}

/** What a worker knows of a call once its files are final. */
export interface MediaSummary {
  /** Length of the audio of both tracks. */
  durationMs: number;
  tracks: Record<LegName, TrackSummary>;
  recording: RecordingResult;
  warnings: string[];
}
