import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  giveName,
  type MaskSpan,
  PART,
  type RecordedFile,
  syncFolder,
  type TrackName,
  type TrackSummary,
} from '../recording/index.ts';

const FILE_MODE = 0o640;

export interface ManifestTrack extends Omit<TrackSummary, 'packets' | 'bytes' | 'lostPackets'> {
  /** These are null where only a server that ended without notice knew them. */
  packets: number | null;
  bytes: number | null;
  lostPackets: number | null;
  files: ManifestFile[];
}

/** `path` is relative to the recordings folder. */
export type ManifestFile = Pick<RecordedFile, 'path' | 'format' | 'sizeBytes' | 'sha256'>;

/** What FreeSWITCH said of the call's channel, at last. Text is what callers and dialplans sent, any characters. */
export interface ManifestChannel {
  /** Its UUID in the end, which may not be the one that its tap named. */
  uuid: string;
  channelName: string;
  callerName: string;
  callerNumber: string;
  calleeName: string;
  calleeNumber: string;
  direction: string;
  context: string;
  profile: string;
  gateway: string;
  domain: string;
  accountCode: string;
  /** The UUID of the channel that it was made for; null for an A leg. */
  originator: string | null;
  bridgedTo: string | null;
  readCodec: string;
  writeCodec: string;
  hangupCause: string | null;
  answeredAt: string | null;
  hungUpAt: string | null;
  variables: Record<string, string>;
}

/** Something that happened in a call. */
export interface ManifestEvent {
  at: string;
  /** From the start of the audio on, negative before it; null where there is no audio. */
  atMs: number | null;
  event: string;
  text: string;
}

/** The document beside every recording, `<stem>.json`. Times are RFC 3339 with milliseconds, in UTC. */
export interface Manifest {
  version: 1;
  uuid: string;
  segment: number;
  /** Unique for ever, across nodes. */
  recordId: string;
  /** recordId of the segment of this UUID before this one; null where there is none, or it was not known any more. */
  previous: string | null;
  /**
   * recordId of the segment behind it. It may come to be only when that is filed: then the manifest is
   * written again.
   */
  next: string | null;
  node: string;
  /** The FreeSWITCH box by its configured name; null where no event socket told of the call. */
  box: string | null;
  caller: string;
  callee: string;
  /** Where the tap's INV came from; null where there was no tap. */
  source: { address: string; port: number } | null;
  /** Null where no event socket told of the call. */
  channel: ManifestChannel | null;
  /** When the audio begins; null where nothing was tapped. */
  startedAt: string | null;
  answeredAt: string | null;
  endedAt: string;
  durationMs: number;
  endReason: string;
  /** `endReason` in words. */
  reason: string;
  tracks: Record<TrackName, ManifestTrack>;
  /** Files of the whole call, rather than of one track. */
  files: ManifestFile[];
  events: ManifestEvent[];
  masks: MaskSpan[];
  warnings: string[];
}

/** All files of the recording, those of the tracks first. */
export function filesIn({ tracks, files }: Manifest): ManifestFile[] {
  return [...tracks.R.files, ...tracks.W.files, ...files];
}

/**
 * Writes `<stemPath>.json`, whole or not at all, and never over another; with `isSynced` it outlives a power cut
 * once this has resolved. Rejects with the system's error.
 */
export async function writeManifest(
  stemPath: string,
  manifest: Manifest,
  isSynced = true,
): Promise<void> {
  const path = `${stemPath}.json`;
  await writePart(path, manifest);
  await giveName(path + PART, path);
  if (isSynced) await syncFolder(dirname(path));
}

/**
 * Writes `next` into the manifest `<stemPath>.json`, whole or not at all; one that is of another record, or
 * has a `next`, stays as it is. Rejects with the system's error, `ENOENT` where it was moved away.
 */
export function linkNext(stemPath: string, recordId: string, next: string): Promise<void> {
  return editManifest(stemPath, (manifest) =>
    manifest.recordId !== recordId || manifest.next !== null ? manifest : { ...manifest, next },
  );
}

/** Reads `<stemPath>.json`. Rejects with the system's error, or a SyntaxError. */
export async function readManifest(stemPath: string): Promise<Manifest> {
  return JSON.parse(await readFile(`${stemPath}.json`, 'utf8')) as Manifest;
}

let edited: Promise<void> = Promise.resolve();

/**
 * Writes `<stemPath>.json` again as `edit` returns it, whole or not at all, and not where that is the same
 * object. One edit at a time, so that none takes back another. Rejects as `readManifest`.
 */
export function editManifest(
  stemPath: string,
  edit: (manifest: Manifest) => Manifest,
): Promise<void> {
  const done = edited.then(async () => {
    const manifest = await readManifest(stemPath);
    const changed = edit(manifest);
    if (changed === manifest) return;
    const path = `${stemPath}.json`;
    await writePart(path, changed);
    await rename(path + PART, path);
  });
  edited = done.catch(() => {});
  return done;
}

async function writePart(path: string, manifest: Manifest): Promise<void> {
  // What a crash has left; removed rather than opened, because it may be a link by now.
  await rm(path + PART, { force: true });
  const file = await open(path + PART, 'wx', FILE_MODE);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.datasync();
  } catch (error) {
    // Half of one is of no use, and in the way of what else waits for room.
    await rm(path + PART, { force: true }).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}
