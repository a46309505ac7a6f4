import { resolve } from 'node:path';
import {
  CdrFile,
  cdrOf,
  findLeftBehind,
  linkNext,
  type Manifest,
  type ManifestFile,
  type ManifestTrack,
  writeManifest,
} from './archive/index.ts';
import type { Call, EndedCall } from './call/index.ts';
import type { MediaSummary } from './capture/index.ts';
import { errorText } from './errors.ts';
import {
  BlockPool,
  dateOf,
  Recording,
  removeJournal,
  type TrackName,
  type TrackSummary,
} from './recording/index.ts';

export interface FilingOptions {
  node: string;
  /** The recordings folder, absolute. */
  dir: string;
  timezone: string;
}

/** What became of a call's files. */
interface Place {
  segment: number;
  /** Null where nothing could be created. */
  stem: string | null;
  /** To be removed once the call is filed; null where it has to stay. */
  journalPath: string | null;
  warnings: string[];
}

/** Turns each ended call into its manifest and its CDR line, whatever became of its audio. */
export class Filing {
  readonly #options: FilingOptions;
  readonly #cdr: CdrFile;
  /** The stem of the manifest of each call, null where it has none. */
  readonly #filed = new WeakMap<Call, Promise<string | null>>();

  constructor(options: FilingOptions) {
    this.#options = options;
    this.#cdr = new CdrFile(options.dir);
  }

  /** Writes manifest, then CDR, then lets go of the journal. Never rejects: what failed is logged with the call. */
  async file(ended: EndedCall): Promise<void> {
    const filed = this.#file(ended);
    this.#filed.set(ended.call, filed);
    await filed;
  }

  async #file(ended: EndedCall): Promise<string | null> {
    const { call, media } = ended;
    const place = media ? { ...media.recording, warnings: [] } : await this.#placeOfLost(call);
    const manifest = manifestOf(ended, place, this.#options.node);
    const date = dateOf(call.startedAtMs, this.#options.timezone);
    const { stem } = place;
    let filed = false;
    try {
      if (stem) {
        await writeManifest(resolve(this.#options.dir, stem), manifest);
        filed = true;
        await this.#linkPrevious(call);
      }
    } catch (error) {
      call.log.error(cdrOf(manifest), `the manifest could not be written: ${errorText(error)}`);
    }
    try {
      await this.#cdr.append(date, cdrOf(manifest));
      if (filed && place.journalPath) await removeJournal(place.journalPath);
    } catch (error) {
      call.log.error(cdrOf(manifest), `the CDR could not be written: ${errorText(error)}`);
    }
    for (const warning of [...(media?.warnings ?? []), ...place.warnings]) call.log.warn(warning);
    const { endReason, reason, durationMs } = manifest;
    const packets = { R: manifest.tracks.R.packets, W: manifest.tracks.W.packets };
    call.log.info(
      { endReason, reason, durationMs, packets, manifest: stem && `${stem}.json` },
      'call ended',
    );
    return filed ? stem : null;
  }

  /** Where a call is filed whose worker can't say it: with what is left of its recording, else under a name of its own. */
  async #placeOfLost({ name, recordId, log }: Call): Promise<Place> {
    const { dir } = this.#options;
    const left = await findLeftBehind(dir, name, recordId).catch((error: unknown) => {
      log.debug({ err: error }, 'nothing is left of the recording');
      return null;
    });
    if (left && left.files.length > 0) {
      const { segment, stem, files } = left;
      return { segment, stem, journalPath: null, warnings: [UNKNOWN, leftIn(stem, files)] };
    }
    if (left) return { ...left, warnings: [UNKNOWN, NO_AUDIO] };
    const recording = new Recording({ ...NO_FILES, dir }, new BlockPool());
    recording.open(name, { recordId });
    const { segment, stem, journalPath, warnings } = await recording.finish(NO_TAGS);
    return { segment, stem, journalPath, warnings: [UNKNOWN, NO_AUDIO, ...warnings] };
  }

  /** The segment before is filed already, and could not know of this one. */
  async #linkPrevious({ previous, recordId, log }: Call): Promise<void> {
    const stem = previous && (await this.#filed.get(previous));
    if (!stem) return;
    await linkNext(resolve(this.#options.dir, stem), previous.recordId, recordId).catch(
      (error: unknown) => {
        log.debug({ err: error }, 'the manifest of the segment before was not linked to this one');
      },
    );
  }
}

const UNKNOWN = 'its capture worker died, so its packets and gaps were not counted';
const NO_AUDIO = 'no audio was written';
const NO_FILES = { formats: [], wavCodec: 'pcm', hex: false, sync: 'none' } as const;
const NO_TAGS = { title: '', artist: '', date: '', comment: '' };

function leftIn(stem: string, files: string[]): string {
  return `the audio up to the last write is in ${files.join(', ')}, which can be recovered with ${stem}.journal`;
}

function manifestOf(ended: EndedCall, place: Place, node: string): Manifest {
  const { call, end, media } = ended;
  const endNs = end.atNs ?? Math.max(call.lastArrivalNs, call.startNs);
  const endedAtMs = call.startedAtMs + (endNs - call.startNs) / 1e6;
  const noMedia = end.reason !== 'error' && media !== null && isSilent(media);
  return {
    version: 1,
    uuid: call.uuid,
    segment: place.segment,
    recordId: call.recordId,
    previous: call.previous?.recordId ?? null,
    next: call.next,
    node,
    box: null,
    caller: call.inv.caller,
    callee: call.inv.callee,
    source: call.source,
    startedAt: timeOf(call.startedAtMs),
    answeredAt: null,
    endedAt: timeOf(endedAtMs),
    durationMs: media?.durationMs ?? heardMsOf(call),
    endReason: end.reason,
    reason: end.words,
    tracks: { R: trackOf(ended, 'R'), W: trackOf(ended, 'W') },
    files: filesOf(media, null),
    events: call.events,
    masks: media?.masks ?? [],
    warnings: [
      ...call.warnings,
      ...(media?.warnings ?? []),
      ...place.warnings,
      ...(noMedia ? ['no packet arrived, so there is no audio'] : []),
    ],
  };
}

/** From its INV to its last packet, as far as the main thread knows. */
function heardMsOf({ lastArrivalNs, startNs }: Call): number {
  return lastArrivalNs < 0 ? 0 : Math.round((lastArrivalNs - startNs) / 1e6);
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
