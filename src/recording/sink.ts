import type { PcmCodec } from '../audio/index.ts';
import type { TrackName } from './track-name.ts';

/** What a sink stores: 16-bit little-endian samples (`L16`), or the codes of G.711. */
export interface SinkShape {
  /** Hz */
  sampleRate: number;
  channels: 1 | 2;
  codec: PcmCodec;
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
  head(shape: SinkShape): Uint8Array;
  /** The head once `dataBytes` bytes of samples and `tailBytes` of tail are written. */
  finalHead(shape: SinkShape, dataBytes: number, tailBytes: number): Uint8Array;
  /** With the padding that the samples need, if they do. */
  tail(tags: RecordingTags, dataBytes: number): Uint8Array;
}

export interface RecordedFile {
  /** Null for a file of the whole call. */
  track: TrackName | null;
  /** Below the recordings folder, with `/` on every system. */
  path: string;
  format: string;
  sizeBytes: number;
  sha256: string | null;
}
