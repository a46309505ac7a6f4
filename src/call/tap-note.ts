import type { Source } from '../capture/index.ts';
import type { InvMessage, PortPair } from '../protocol/index.ts';
import { type ProcessMark, processMark, processMarkOf } from '../recording/index.ts';
import type { Call } from './call.ts';
import type { Tap } from './tap.ts';

/** A tap as a note has it. */
interface NotedTap {
  source: Source;
  /** Null where its INV was lost. */
  inv: InvMessage | null;
}

/** What a further server has to know of a call, to take up its taps when this one has ended. */
export interface TapNote {
  recordId: string;
  /** Path of its files, see `Call.name`. */
  name: string;
  /** Of its recording, where that is final. */
  segment: number | null;
  /** The segment that it goes on from, which it stands for should nothing have been recorded of this one. */
  previous: Pick<TapNote, 'recordId' | 'name' | 'segment'> | null;
  startedAtMs: number;
  /** Why it ended, in words; null while it runs. */
  ended: string | null;
  inv: InvMessage;
  /** The ports that an ACK named; null for a bare one. */
  ports: PortPair | null;
  /** The one that was given `ports`, and behind it the one that is recorded, where that is another. */
  taps: NotedTap[];
  /** Whose call it is. */
  process: ProcessMark;
}

export function tapNoteOf(call: Call): TapNote {
  const { recordId, name, segment, previous, startedAtMs, inv, ports, tap, legsTap } = call;
  return {
    recordId,
    name,
    segment,
    previous: previous && segmentOf(previous),
    startedAtMs,
    ended: call.end?.words ?? null,
    inv,
    ports,
    taps: (tap === legsTap ? [tap] : [legsTap, tap]).map(notedTap),
    process: processMark(),
  };
}

/** Reads a note; null where it is none. */
export function parseTapNote(text: string): TapNote | null {
  try {
    const note = JSON.parse(text) as TapNote;
    const isWhole =
      [note.recordId, note.name, note.inv.uuid].every((value) => typeof value === 'string') &&
      Number.isFinite(note.startedAtMs) &&
      note.taps.length > 0 &&
      note.taps.every(({ source }) => typeof source.address === 'string' && isPort(source.port)) &&
      (note.ports === null || (isPort(note.ports.readPort) && isPort(note.ports.writePort))) &&
      processMarkOf(note.process) !== null;
    const { previous } = note;
    const isKnown = typeof previous?.recordId === 'string' && typeof previous.name === 'string';
    return isWhole ? { ...note, previous: isKnown ? previous : null } : null;
  } catch {
    return null;
  }
}

function segmentOf({ recordId, name, segment }: NonNullable<TapNote['previous']>) {
  return { recordId, name, segment };
}

function notedTap({ source, inv }: Tap): NotedTap {
  const { address, port } = source;
  return { source: { address, port }, inv };
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}
