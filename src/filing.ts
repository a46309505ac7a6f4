import { dirname, isAbsolute, resolve } from 'node:path';
import {
  CdrFile,
  cdrOf,
  findLeftBehind,
  linkNext,
  linkPrevious,
  type Manifest,
  type ManifestEvent,
  type ManifestFile,
  type ManifestTrack,
  writeManifest,
} from './archive/index.ts';
import {
  type Call,
  channelRecord,
  type EndedCall,
  type EndReason,
  type UntappedCall,
} from './call/index.ts';
import type { MediaSummary } from './capture/index.ts';
import { errorText } from './errors.ts';
import type { Log } from './log.ts';
import {
  BlockPool,
  Disks,
  dateOf,
  JOURNAL,
  Patience,
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
  /** Manifest and CDR line are on the disk before the journal goes. */
  isSynced: boolean;
  /** Hears of the journal of each call whose worker has left it unfinished, once it is filed. Must not throw. */
  left(journalPath: string): void;
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
  readonly #disks: Disks;
  /** The stem of the manifest of each call, null where it has none. */
  readonly #filed = new WeakMap<Call, Promise<string | null>>();

  constructor(options: FilingOptions, disks = new Disks(options.dir)) {
    this.#options = options;
    this.#disks = disks;
    this.#cdr = new CdrFile(options.dir, options.isSynced);
  }

  /** Writes manifest, then CDR, then lets go of the journal. Never rejects: what failed is logged with the call. */
  async file(ended: EndedCall): Promise<void> {
    const filed = this.#file(ended);
    this.#filed.set(ended.call, filed);
    await filed;
  }

  async #file(ended: EndedCall): Promise<string | null> {
    const { call, media } = ended;
    const place = saysWhere(
      media ? { ...media.recording, warnings: [] } : await this.#placeOfLost(call),
    );
    const manifest = manifestOf(ended, place, this.#options.node);
    const date = dateOf(call.startedAtMs, this.#options.timezone);
    const { stem } = place;
    const filed = await this.#write(manifest, place, date, call.log);
    if (filed) await this.#linkPrevious(call);
    if (filed && stem && !media && !place.journalPath)
      this.#options.left(resolve(this.#options.dir, stem) + JOURNAL);
    for (const warning of [...(media?.warnings ?? []), ...place.warnings]) call.log.warn(warning);
    const { endReason, reason, durationMs } = manifest;
    const packets = { R: manifest.tracks.R.packets, W: manifest.tracks.W.packets };
    call.log.info(
      { endReason, reason, durationMs, packets, manifest: stem && `${stem}.json` },
      'call ended',
    );
    return filed ? stem : null;
  }

  /** Files a call that could not be tapped: a manifest without audio, and its CDR line. Never rejects. */
  async fileUntapped(call: UntappedCall): Promise<void> {
    const { facts, name, recordId, reason, log } = call;
    const place = saysWhere(await this.#placeOfNothing(name, recordId));
    const manifest = manifestOfUntapped(call, place, this.#options.node);
    const date = dateOf(facts.startedAtMs, this.#options.timezone);
    await this.#write(manifest, place, date, log);
    for (const warning of place.warnings) log.warn(warning);
    const { box, caller, callee } = manifest;
    const { stem } = place;
    log.warn(
      { box, caller, callee, reason, manifest: stem && `${stem}.json` },
      'call not tapped, so it is not recorded',
    );
  }

  /** Writes manifest, then CDR, then lets go of the journal; true where the manifest is written. */
  async #write(manifest: Manifest, place: Place, date: string, log: Log): Promise<boolean> {
    const { stem, journalPath } = place;
    let filed = false;
    try {
      if (stem) {
        const path = resolve(this.#options.dir, stem);
        const { isSynced } = this.#options;
        await this.#insist(stem, () => writeManifest(path, manifest, isSynced));
        filed = true;
      }
    } catch (error) {
      log.error(cdrOf(manifest), `the manifest could not be written: ${errorText(error)}`);
    }
    try {
      await this.#insist('', () => this.#cdr.append(date, cdrOf(manifest)));
      if (filed && journalPath) await removeJournal(journalPath);
    } catch (error) {
      log.error(cdrOf(manifest), `the CDR could not be written: ${errorText(error)}`);
    }
    return filed;
  }

  /** Waits a while for the disk of a recording of that name, where it fails. */
  async #insist(name: string, action: () => Promise<void>): Promise<void> {
    const patience = new Patience(this.#disks.of(name));
    patience.begin();
    try {
      await patience.insist(action);
    } finally {
      patience.end();
    }
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
    const place = await this.#placeOfNothing(name, recordId);
    return { ...place, warnings: [UNKNOWN, NO_AUDIO, ...place.warnings] };
  }

  /** A name of its own for a call that has no files. */
  async #placeOfNothing(name: string, recordId: string): Promise<Place> {
    const { dir } = this.#options;
    const recording = new Recording({ ...NO_FILES, dir }, new BlockPool(), this.#disks.of(name));
    recording.open(name, { recordId });
    return recording.finish(NO_TAGS);
  }

  /** The segment before is filed already, and could not know of this one. */
  async #linkPrevious({ previous, recordId, log }: Call): Promise<void> {
    if (!previous) return;
    const { dir } = this.#options;
    const stem = await this.#filed.get(previous);
    // Without a stem a server before this one has filed it, or will have.
    const linked = stem
      ? linkNext(resolve(dir, stem), previous.recordId, recordId)
      : linkPrevious(dir, previous, recordId);
    await linked.catch((error: unknown) => {
      log.debug({ err: error }, 'the manifest of the segment before was not linked to this one');
    });
  }
}

const UNKNOWN = 'its capture worker died, so its packets and gaps were not counted';
const NO_AUDIO = 'no audio was written';
const NO_FILES = { formats: [], wavCodec: 'pcm', hex: false, sync: 'none' } as const;
const NO_TAGS = { title: '', artist: '', date: '', comment: '' };

/** Who looks for it in the recordings folder learns why it is not there. */
function saysWhere(place: Place): Place {
  const { stem, warnings } = place;
  if (stem === null || !isAbsolute(stem)) return place;
  const text = `records.dir was short of room, or could not be written to, when the call began: its files are in ${dirname(stem)}`;
  return { ...place, warnings: [...warnings, text] };
}

function leftIn(stem: string, files: string[]): string {
  return `the audio up to the last write is in ${files.join(', ')}, which can be recovered with ${stem}.journal`;
}

function manifestOf(ended: EndedCall, place: Place, node: string): Manifest {
  const { call, end, media } = ended;
  const endNs = end.atNs ?? Math.max(call.lastArrivalNs, call.startNs);
  const endedAtMs = call.startedAtMs + (endNs - call.startNs) / 1e6;
  const noMedia = end.reason !== 'error' && media !== null && isSilent(media);
  const { box, caller, callee } = call.facts;
  const channel = call.channel && channelRecord(call.channel);
  return {
    version: 1,
    uuid: call.uuid,
    segment: place.segment,
    recordId: call.recordId,
    previous: call.previous?.recordId ?? null,
    next: call.next,
    node,
    box,
    caller,
    callee,
    source: call.source,
    channel,
    startedAt: timeOf(call.startedAtMs),
    answeredAt: channel?.answeredAt ?? null,
    endedAt: timeOf(endedAtMs),
    durationMs: media?.durationMs ?? heardMsOf(call),
    endReason: end.reason,
    reason: end.words,
    tracks: { R: trackOf(ended, 'R'), W: trackOf(ended, 'W') },
    files: filesOf(media, null),
    events: eventsOf(call),
    masks: media?.masks ?? [],
    warnings: [
      ...call.warnings,
      ...(media?.warnings ?? []),
      ...place.warnings,
      ...(noMedia ? ['no packet arrived, so there is no audio'] : []),
    ],
  };
}

/** A call of which there is no more than what its box says. */
function manifestOfUntapped(call: UntappedCall, place: Place, node: string): Manifest {
  const { recordId, reason, atMs, atNs } = call;
  const { uuid, box, caller, callee } = call.facts;
  const channel = channelRecord(call.channel);
  const events = call.channel.notes.map(({ atNs: noteNs, event, text }) => {
    return { at: timeOf(atMs + (noteNs - atNs) / 1e6), atMs: null, event, text };
  });
  return {
    version: 1,
    uuid,
    segment: place.segment,
    recordId,
    previous: null,
    next: null,
    node,
    box,
    caller,
    callee,
    source: null,
    channel,
    startedAt: null,
    answeredAt: channel.answeredAt,
    endedAt: timeOf(atMs),
    durationMs: 0,
    endReason: 'not-tapped' satisfies EndReason,
    reason,
    tracks: { R: { ...NO_TRACK, files: [] }, W: { ...NO_TRACK, files: [] } },
    files: [],
    events,
    masks: [],
    warnings: place.warnings,
  };
}

/** What happened to its channel and its taps since the segment before it had ended, in that order. */
function eventsOf(call: Call): ManifestEvent[] {
  const { previous, channel, startNs, startedAtMs } = call;
  const isFurther = previous !== null && previous.channel === channel;
  const sinceNs = isFurther ? (previous.end?.atNs ?? previous.lastArrivalNs) : -Infinity;
  return [...(channel?.notes ?? []).filter(({ atNs }) => atNs > sinceNs), ...call.notes]
    .sort((a, b) => a.atNs - b.atNs)
    .map(({ atNs, event, text }) => {
      const atMs = (atNs - startNs) / 1e6;
      return { at: timeOf(startedAtMs + atMs), atMs: Math.round(atMs), event, text };
    });
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
  unwritten: [],
  lostPackets: 0,
  driftCorrections: [],
  dropped: {},
};

function timeOf(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
