import { extname } from 'node:path';
import {
  type JournalContent,
  type RecordedFile,
  type RecoveredFiles,
  TRACKS,
  type TrackName,
} from '../recording/index.ts';
import type { JournalCall } from './journal-call.ts';
import { filesIn, type Manifest, type ManifestFile, type ManifestTrack } from './manifest.ts';

/** What nobody but the process that ended knew. */
const NOT_COUNTED =
  'what arrived was counted by the server that ended: packets and gaps are not known';
const NO_HEAD = 'its journal can not be read, so nothing else is known of the call';
const NO_AUDIO = 'no audio was written';
const AUDIO_GONE = 'the files that its journal names are not here';
const COMPLETED = 'its files were not final when it was filed; they were made so later';

/** Of raw files whose payloads are no samples. */
const CODECS: Readonly<Record<string, string>> = { '.g729': 'G729', '.g723': 'G723' };

export interface RecoveredRecord {
  recordId: string;
  next: string | null;
  node: string;
  startedAtMs: number;
  call: JournalCall;
  journal: JournalContent;
  recovered: RecoveredFiles;
}

/** The manifest of a call whose server ended without notice. */
export function recoveredManifest(record: RecoveredRecord): Manifest {
  const { recordId, next, node, startedAtMs, call, journal, recovered } = record;
  const { durationMs, files } = recovered;
  const { uuid, segment, previous, box, caller, callee, source, channel } = call;
  return {
    version: 1,
    uuid,
    segment,
    recordId,
    previous: previous?.recordId ?? null,
    next,
    node,
    box,
    caller,
    callee,
    source,
    channel,
    startedAt: timeOf(startedAtMs),
    answeredAt: channel?.answeredAt ?? null,
    endedAt: timeOf(startedAtMs + durationMs),
    durationMs,
    endReason: 'recovered',
    reason:
      'the server ended without notice; this is all that it had written, and of what had arrived at most records.flush_interval and 200 ms are missing',
    tracks: { R: trackOf(record, 'R'), W: trackOf(record, 'W') },
    files: filesOf(files, null),
    events: [],
    masks: [],
    warnings: [
      ...(journal.head ? [] : [NO_HEAD]),
      ...aboutAudio(journal, recovered),
      ...recovered.warnings,
    ],
  };
}

/** The manifest of a call that was filed before all of its files were final. */
export function completedManifest(
  manifest: Manifest,
  journal: JournalContent,
  recovered: RecoveredFiles,
): Manifest {
  const { warnings, durationMs, tracks, files } = manifest;
  const known = new Set(filesIn(manifest).map(({ path }) => path));
  const isNews = recovered.files.some(({ path }) => !known.has(path));
  const complete = { ...tracks };
  for (const name of TRACKS) {
    const found = recovered.tracks[name];
    const before = tracks[name];
    complete[name] = {
      ...before,
      codec: before.codec ?? codecOf(journal, recovered, name),
      sampleRate: before.sampleRate ?? found?.sampleRate ?? null,
      samples: Math.max(before.samples, found?.samples ?? 0),
      files: merge(before.files, filesOf(recovered.files, name)),
    };
  }
  return {
    ...manifest,
    durationMs: Math.max(durationMs, recovered.durationMs),
    tracks: complete,
    files: merge(files, filesOf(recovered.files, null)),
    warnings: [
      ...warnings.filter((warning) => recovered.leavesPart || !warning.includes('.part')),
      ...recovered.warnings.filter((warning) => !warnings.includes(warning)),
      ...(isNews && !warnings.includes(COMPLETED) ? [COMPLETED] : []),
    ],
  };
}

function aboutAudio(journal: JournalContent, { files, leavesPart }: RecoveredFiles): string[] {
  if (files.length > 0 || leavesPart) return [NOT_COUNTED];
  return [Object.keys(journal.tracks).length > 0 ? AUDIO_GONE : NO_AUDIO];
}

function codecOf(
  journal: JournalContent,
  { files }: RecoveredFiles,
  name: TrackName,
): string | null {
  const said = journal.tracks[name]?.codec;
  if (said) return said;
  const raw = files.findLast(({ track, path }) => track === name && extname(path) in CODECS);
  return (raw && CODECS[extname(raw.path)]) ?? null;
}

function trackOf({ journal, recovered }: RecoveredRecord, name: TrackName): ManifestTrack {
  const track = recovered.tracks[name];
  return {
    codec: codecOf(journal, recovered, name),
    payloadTypes: [],
    ptimeMs: null,
    sampleRate: track?.sampleRate ?? null,
    packets: null,
    bytes: null,
    samples: track?.samples ?? 0,
    gaps: [],
    unwritten: [],
    lostPackets: null,
    driftCorrections: [],
    dropped: {},
    files: filesOf(recovered.files, name),
  };
}

/** What is on the disk now takes the place of what was said of it. */
function merge(before: readonly ManifestFile[], now: readonly ManifestFile[]): ManifestFile[] {
  const byPath = new Map([...before, ...now].map((file) => [file.path, file]));
  return [...byPath.values()];
}

function filesOf(files: readonly RecordedFile[], track: TrackName | null): ManifestFile[] {
  return files
    .filter((file) => file.track === track)
    .map(({ path, format, sizeBytes, sha256 }) => ({ path, format, sizeBytes, sha256 }));
}

function timeOf(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
