import { readFile } from 'node:fs/promises';
import { isPcmCodec, type PcmCodec } from '../audio/index.ts';
import { type ProcessMark, processMarkOf } from './process-mark.ts';
import type { TrackName } from './track-name.ts';

const MAX_RATE_HZ = 768_000;

/** What the files of a track hold. */
export interface JournalTrack {
  /** Of its first packet. */
  codec: PcmCodec;
  /** Hz */
  sampleRate: number;
  wavCodec: 'pcm' | 'native';
}

/** What a journal says, as far as it can be read. */
export interface JournalContent {
  /** What was said of the call; null where that was never written, or was lost. */
  head: Record<string, unknown> | null;
  tracks: Partial<Record<TrackName, JournalTrack>>;
  /** The process that recorded it; null where the head is none. */
  recorder: ProcessMark | null;
  /** The record that goes on from it, as far as somebody has said it here. */
  next: string | null;
  /** Those that have begun to make it final, the first one first. */
  recoverers: ProcessMark[];
}

/** Reads a journal; a line that was cut short is passed over. Rejects with the system's error. */
export async function readJournal(path: string): Promise<JournalContent> {
  const content: JournalContent = {
    head: null,
    tracks: {},
    recorder: null,
    next: null,
    recoverers: [],
  };
  for (const text of (await readFile(path, 'utf8')).split('\n')) {
    const line = parseLine(text);
    if (!line) continue;
    const recoverer = processMarkOf(line.recovering);
    if (line.journal === 1 && !content.head) {
      content.head = line;
      content.recorder = processMarkOf(line.process);
    } else if (line.track === 'R' || line.track === 'W') {
      const track = trackOf(line);
      if (track) content.tracks[line.track] = track;
    } else if (typeof line.next === 'string') content.next ??= line.next;
    else if (recoverer) content.recoverers.push(recoverer);
  }
  return content;
}

function parseLine(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown> | null)
      : null;
  } catch {
    return null;
  }
}

function trackOf({ codec, sampleRate, wavCodec }: Record<string, unknown>): JournalTrack | null {
  if (!isPcmCodec(codec as string) || !Number.isInteger(sampleRate)) return null;
  if ((sampleRate as number) <= 0 || (sampleRate as number) > MAX_RATE_HZ) return null;
  return {
    codec: codec as PcmCodec,
    sampleRate: sampleRate as number,
    wavCodec: wavCodec === 'native' ? 'native' : 'pcm',
  };
}
