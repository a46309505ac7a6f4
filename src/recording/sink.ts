import type { TrackName } from './track-name.ts';

/** What a sink stores: 16-bit little-endian PCM, one channel. */
export interface PcmShape {
  sampleRate: number;
}

/** Text kept inside a file, where its format has a place for it. */
export interface RecordingTags {
  title: string;
  artist: string;
  date: string;
  comment: string;
}

/**
 * A file format, as bytes around samples. A sink is append-only: `head` goes first, samples follow,
 * then `tail`; the one write that is not an append is the final head, which knows the sizes.
 */
export interface SinkFormat {
  /** As in `records.formats`. */
  readonly name: string;
  /** File name ending, without the dot. */
  readonly extension: string;
  /** The head while the size is unknown; its length is that of every later head. */
  head(shape: PcmShape): Uint8Array;
  /** The head once `dataBytes` bytes of samples and `tailBytes` of tail are written. */
  finalHead(shape: PcmShape, dataBytes: number, tailBytes: number): Uint8Array;
  /** With the padding that the samples need, if they do. */
  tail(tags: RecordingTags, dataBytes: number): Uint8Array;
}

export interface RecordedFile {
  track: TrackName;
  /** Below the recordings folder, with `/` on every system. */
  path: string;
  format: string;
  sizeBytes: number;
  sha256: string | null;
}
