export { BlockPool } from './block.ts';
export { giveName, PART } from './give-name.ts';
export { removeJournal } from './journal.ts';
export { dateOf, escapeName } from './name.ts';
export { Recording, type RecordingOptions, type RecordingResult } from './recording.ts';
export type { RecordedFile, RecordingTags } from './sink.ts';
export { TRACKS, type TrackName } from './track-name.ts';
export type { TrackSummary } from './track-summary.ts';
export type { TrackWriter } from './track-writer.ts';
