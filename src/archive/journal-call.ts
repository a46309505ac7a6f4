import type { RecordingTags } from '../recording/index.ts';
import type { ManifestChannel } from './manifest.ts';

/** The segment that a call goes on from. */
export interface PreviousSegment {
  recordId: string;
  /** Path of its files without segment, leg and ending, as in `records.name`. */
  name: string;
}

/** What a journal says of its call. */
export interface JournalCall {
  recordId: string | null;
  uuid: string;
  segment: number;
  /** Path of its files without leg and ending below the recordings folder; null where it does not say. */
  stem: string | null;
  previous: PreviousSegment | null;
  node: string | null;
  box: string | null;
  caller: string;
  callee: string;
  source: { address: string; port: number } | null;
  channel: ManifestChannel | null;
  startedAtMs: number | null;
}

/** Reads the head of a journal; whatever it may hold, what is not as it has to be is missing. */
export function journalCallOf(head: Record<string, unknown>): JournalCall {
  const { segment, source, channel, previous, startedAt } = head;
  const startedAtMs = Date.parse(textOf(startedAt) ?? '');
  return {
    recordId: textOf(head.recordId) || null,
    uuid: textOf(head.uuid) ?? '',
    segment: typeof segment === 'number' && segment >= 1 ? Math.floor(segment) : 1,
    stem: textOf(head.stem) || null,
    previous: previousOf(previous),
    node: textOf(head.node),
    box: textOf(head.box),
    caller: textOf(head.caller) ?? '',
    callee: textOf(head.callee) ?? '',
    source: sourceOf(source),
    channel: typeof channel === 'object' ? (channel as ManifestChannel | null) : null,
    startedAtMs: Number.isNaN(startedAtMs) ? null : startedAtMs,
  };
}

/** What its files say inside, as `rst-server` writes it for any call. */
export function tagsOfCall(call: JournalCall, startedAtMs: number): RecordingTags {
  const { uuid, caller, callee } = call;
  return {
    title: uuid,
    artist: `${caller} > ${callee}`,
    date: new Date(startedAtMs).toISOString(),
    comment: `FreeSWITCH call from ${caller || 'unknown'} to ${callee || 'unknown'}`,
  };
}

function previousOf(value: unknown): PreviousSegment | null {
  const { recordId, name } = (value ?? {}) as Record<string, unknown>;
  const texts = { recordId: textOf(recordId), name: textOf(name) };
  return texts.recordId && texts.name ? (texts as PreviousSegment) : null;
}

function sourceOf(value: unknown): JournalCall['source'] {
  const { address, port } = (value ?? {}) as Record<string, unknown>;
  return typeof address === 'string' && typeof port === 'number' ? { address, port } : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
