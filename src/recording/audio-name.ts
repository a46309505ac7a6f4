import { PART } from './give-name.ts';
import type { TrackName } from './track-name.ts';

/** Leg, number of a further raw file, format; or both legs in one. */
const AUDIO = /^(?:-([RW])(?:\.\d+)?\.(?!journal|json)([a-z0-9]+)|\.(wav))(\.part)?$/;

/** A file of a recording, by what its name has behind the stem. */
export interface AudioName {
  /** Null for a file of the whole call. */
  track: TrackName | null;
  /** Ending, without `.part`. */
  extension: string;
  /** Not final. */
  isPart: boolean;
}

/** What `name` is of the recording whose files begin with `stem`; null where it is none of its audio. */
export function parseAudioName(name: string, stem: string): AudioName | null {
  const match = name.startsWith(stem) ? AUDIO.exec(name.slice(stem.length)) : null;
  if (!match) return null;
  const [, track = null, extension, whole, part] = match;
  return {
    track: track as TrackName | null,
    extension: extension ?? whole ?? '',
    isPart: part === PART,
  };
}
