import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import {
  CdrFile,
  cdrOf,
  type Manifest,
  type ManifestFile,
  type ManifestTrack,
  writeManifest,
} from './archive/index.ts';
import type { EndedCall } from './call/index.ts';
import type { MediaSummary } from './capture/index.ts';
import { errorText } from './errors.ts';
import { dateOf, removeJournal, type TrackName, type TrackSummary } from './recording/index.ts';

export interface FilingOptions {
  node: string;
  /** The recordings folder, absolute. */
  dir: string;
  timezone: string;
}

/** Turns each ended call into its manifest and its CDR line, whatever became of its audio. */
export class Filing {
  readonly #options: FilingOptions;
  readonly #cdr: CdrFile;

  constructor(options: FilingOptions) {
    this.#options = options;
    this.#cdr = new CdrFile(options.dir);
  }

  /** Writes manifest, then CDR, then lets go of the journal. Never rejects: what failed is logged with the call. */
  async file(ended: EndedCall): Promise<void> {
    const { call, media } = ended;
    const manifest = manifestOf(ended, this.#options.node);
    const date = dateOf(call.startedAtMs, this.#options.timezone);
    const stem = media?.recording.stem;
    let filed = false;
    try {
      if (stem) {
        await writeManifest(resolve(this.#options.dir, stem), manifest);
        filed = true;
      }
    } catch (error) {
      call.log.error(cdrOf(manifest), `the manifest could not be written: ${errorText(error)}`);
    }
    try {
      await this.#cdr.append(date, cdrOf(manifest));
      const journal = media?.recording.journalPath;
      if (filed && journal) await removeJournal(journal);
    } catch (error) {
      call.log.error(cdrOf(manifest), `the CDR could not be written: ${errorText(error)}`);
    }
    for (const warning of media?.warnings ?? []) call.log.warn(warning);
    const { endReason, reason, durationMs } = manifest;
    const packets = { R: manifest.tracks.R.packets, W: manifest.tracks.W.packets };
    call.log.info(
      { endReason, reason, durationMs, packets, manifest: stem && `${stem}.json` },
      'call ended',
    );
  }
}

function manifestOf(ended: EndedCall, node: string): Manifest {
  const { call, end, media } = ended;
  const endNs = end.atNs ?? Math.max(call.lastArrivalNs, call.startNs);
  const endedAtMs = call.startedAtMs + (endNs - call.startNs) / 1e6;
  const noMedia = end.reason !== 'error' && media !== null && isSilent(media);
  return {
    version: 1,
    uuid: call.uuid,
    segment: media?.recording.segment ?? 1,
    recordId: randomUUID(),
    previous: null,
    next: null,
    node,
    box: null,
    caller: call.inv.caller,
    callee: call.inv.callee,
    source: call.source,
    startedAt: timeOf(call.startedAtMs),
    answeredAt: null,
    endedAt: timeOf(endedAtMs),
    durationMs: media?.durationMs ?? 0,
    endReason: end.reason,
    reason: end.words,
    tracks: { R: trackOf(ended, 'R'), W: trackOf(ended, 'W') },
    files: filesOf(media, null),
    events: call.events,
    masks: media?.masks ?? [],
    warnings: [
      ...call.warnings,
      ...(media?.warnings ?? []),
      ...(noMedia ? ['no packet arrived, so there is no audio'] : []),
    ],
  };
}

function isSilent(media: MediaSummary): boolean {
  return media.tracks.R.packets + media.tracks.W.packets === 0;
}

function trackOf(ended: EndedCall, name: TrackName): ManifestTrack {
  const { call, media } = ended;
  const summary = media?.tracks[name] ?? NO_TRACK;
  const dropped = { ...summary.dropped };
  for (const [reason, count] of Object.entries(call.dropped[name]))
    dropped[reason] = (dropped[reason] ?? 0) + count;
  return { ...summary, dropped, files: filesOf(media, name) };
}

/** The files of a track, or with null those of the whole call. */
function filesOf(media: MediaSummary | null, track: TrackName | null): ManifestFile[] {
  return (media?.recording.files ?? [])
    .filter((file) => file.track === track)
    .map(({ path, format, sizeBytes, sha256 }) => ({ path, format, sizeBytes, sha256 }));
}

const NO_TRACK: TrackSummary = {
  codec: null,
  payloadTypes: [],
  ptimeMs: null,
  sampleRate: null,
  packets: 0,
  bytes: 0,
  samples: 0,
  gaps: [],
  lostPackets: 0,
  driftCorrections: [],
  dropped: {},
};

function timeOf(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
