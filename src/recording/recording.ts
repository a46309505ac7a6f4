import { mkdir, unlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { PcmCodec } from '../audio/index.ts';
import { errorText, RstError, systemCode } from '../errors.ts';
import type { AppendFile } from './append-file.ts';
import { below } from './below.ts';
import type { BlockPool } from './block.ts';
import { Disk } from './disk.ts';
import { type FormatName, planOf } from './formats.ts';
import { PART } from './give-name.ts';
import { JOURNAL, Journal, removeJournal } from './journal.ts';
import { stemOf } from './name.ts';
import { Patience } from './patience.ts';
import { PayloadWriter } from './payload-writer.ts';
import type { RecordedFile, RecordingTags } from './sink.ts';
import { type Half, joinStereo } from './stereo.ts';
import { syncFolder } from './sync-folder.ts';
import { TRACKS, type TrackName } from './track-name.ts';
import { TrackWriter } from './track-writer.ts';

const FOLDER_MODE = 0o750;
const NOTHING = new Uint8Array(0);
/** Any of these beside its name says that a segment exists, whose manifest may have been moved away. */
const ENDINGS = [
  ...['.wav', '.pcm', '.stereo', '.hex', '.raw'],
  ...['.ulaw', '.alaw', '.l16', '.g729', '.g723'],
].flatMap((ending) => [ending, ending + PART]);
/** A UUID that has been recorded this often in a day is no UUID. */
const MAX_SEGMENTS = 10_000;

export interface RecordingOptions {
  /** The recordings folder, absolute. */
  dir: string;
  formats: readonly FormatName[];
  /** `native` keeps G.711 in WAV files as it came. */
  wavCodec: 'pcm' | 'native';
  /** True keeps every packet as hex text too. */
  hex: boolean;
  /** `interval`: what is written is on the disk after each flush, `close`: at the end of the call. */
  sync: 'close' | 'interval' | 'none';
}

export interface RecordingResult {
  segment: number;
  /** Path without ending below the recordings folder; null where nothing could be created. */
  stem: string | null;
  /**
   * To be removed once the call is filed. Null where there is no journal, and where it has to stay since
   * a `.part` is left: the warnings say which.
   */
  journalPath: string | null;
  files: RecordedFile[];
  warnings: string[];
}

/** All files of one segment of one call. */
export class Recording {
  /** Payloads are kept although they can be decoded. */
  readonly wantsRaw: boolean;
  readonly wantsHex: boolean;
  readonly #options: RecordingOptions;
  readonly #pool: BlockPool;
  readonly #patience: Patience;
  readonly #warnings: string[] = [];
  readonly #tracks = new Map<TrackName, TrackWriter>();
  readonly #payloads = new Map<TrackName, PayloadWriter>();
  readonly #opening: Promise<unknown>[] = [];
  #reserved: Promise<Journal | null> = Promise.resolve(null);
  #segment = 1;
  #stem: string | null = null;
  #leavesPart = false;

  constructor(options: RecordingOptions, pool: BlockPool, disk = new Disk(options.dir)) {
    this.wantsRaw = options.formats.includes('raw');
    this.wantsHex = options.hex;
    this.#options = options;
    this.#pool = pool;
    this.#patience = new Patience(disk, options.sync === 'interval');
  }

  /** Reserves the next free segment of a name (see `expandName`); `journalHead` is what the journal says of the call. */
  open(name: string, journalHead: object): void {
    this.#reserved = this.#patience
      .insist(() => this.#reserve(name, journalHead))
      .catch((error: unknown) => {
        this.#warnings.push(this.#cannotCreate(name, error));
        return null;
      });
  }

  /** Starts a track; its files are created behind the caller's back, and what is written until then waits. */
  startTrack(track: TrackName, codec: PcmCodec, sampleRate: number): TrackWriter {
    const plans = planOf(this.#options.formats, this.#options.wavCodec, codec);
    const writer = new TrackWriter(track, sampleRate, plans, this.#pool, this.#patience);
    this.#tracks.set(track, writer);
    this.#opening.push(this.#openTrack(writer, codec));
    return writer;
  }

  /** Where payloads of a track are kept as they came. */
  payloads(track: TrackName): PayloadWriter {
    let writer = this.#payloads.get(track);
    if (!writer) {
      const { sync, dir } = this.#options;
      const openFile = (file: AppendFile, suffix: string) => {
        this.#opening.push(this.#openFile(file, `-${track}${suffix}`));
      };
      const isSynced = sync !== 'none';
      writer = new PayloadWriter(track, this.#pool, this.#patience, openFile, isSynced, dir);
      this.#payloads.set(track, writer);
    }
    return writer;
  }

  flush(): void {
    for (const writer of [...this.#tracks.values(), ...this.#payloads.values()]) writer.flush();
  }

  /** Makes everything final, and waits a while for a disk that fails. Never rejects: what failed is in the warnings. */
  async finish(tags: RecordingTags): Promise<RecordingResult> {
    this.#patience.begin();
    const result = await this.#finish(tags);
    this.#patience.end();
    return result;
  }

  async #finish(tags: RecordingTags): Promise<RecordingResult> {
    const journal = await this.#reserved;
    await Promise.all(this.#opening);
    const sync = this.#options.sync !== 'none';
    const { dir } = this.#options;
    const tracks = TRACKS.flatMap((track) => this.#tracks.get(track) ?? []);
    const payloads = TRACKS.flatMap((track) => this.#payloads.get(track) ?? []);
    const finished = await Promise.all([
      ...tracks.map((writer) => writer.finish(tags, sync, dir)),
      ...payloads.map((writer) => writer.finish()),
    ]);
    const files = finished.flat();
    for (const writer of [...tracks, ...payloads]) {
      this.#warnings.push(...writer.warnings);
      this.#leavesPart ||= writer.leavesPart;
    }
    if (this.#options.formats.includes('stereo')) files.push(...(await this.#join(tags, sync)));
    if (sync && this.#stem) await this.#syncFolder(dirname(this.#pathOf(this.#stem)));
    return {
      segment: this.#segment,
      stem: this.#stem,
      journalPath: this.#leavesPart ? null : (journal?.path ?? null),
      files,
      warnings: [...new Set(this.#warnings)],
    };
  }

  /** The stereo file, of the halves that the tracks have left; they go once they are in it. */
  async #join(tags: RecordingTags, sync: boolean): Promise<RecordedFile[]> {
    const halves = TRACKS.map((track) => this.#halfOf(track));
    const paths = halves.flatMap((half) => half?.path ?? []);
    const failed = TRACKS.flatMap((track) => {
      const half = this.#tracks.get(track)?.half;
      return half?.error ? [{ track, half }] : [];
    });
    const [left = null, right = null] = halves;
    if (!this.#stem || paths.length === 0) {
      this.#warnings.push(...failed.map(({ half }) => half.complaint));
      return [];
    }
    const name = basename(this.#stem);
    try {
      const stemPath = this.#pathOf(this.#stem);
      const { absolutePath, ...file } = await this.#patience.insist(
        () => joinStereo(stemPath, left, right, tags, sync, this.#patience.disk).catch(forGood),
        true,
      );
      for (const { track, half } of failed)
        this.#warnings.push(
          `${half.error?.message}; from there on ${track} is silent in ${name}.wav`,
        );
      await Promise.all(paths.map((path) => this.#removeHalf(path)));
      return [{ ...file, path: below(this.#options.dir, absolutePath) }];
    } catch (error) {
      this.#leavesPart = true;
      const places = paths.map((path) => basename(path)).join(' and ');
      this.#warnings.push(
        ...failed.map(({ half }) => half.complaint),
        `${this.#stem}.wav: the stereo file was not made: ${errorText(error)}; its audio is left in ${places}`,
      );
      return [];
    }
  }

  #halfOf(track: TrackName): Half | null {
    const writer = this.#tracks.get(track);
    const path = writer?.half?.partPath;
    return writer && path ? { path, sampleRate: writer.sampleRate } : null;
  }

  async #removeHalf(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      this.#leavesPart = true;
      this.#warnings.push(
        `${path}: what was joined could not be removed: ${systemCode(error) ?? errorText(error)}`,
      );
    }
  }

  async #openTrack(writer: TrackWriter, codec: string): Promise<void> {
    const journal = await this.#reserved;
    if (!journal || !this.#stem) return writer.abandon(this.#noName());
    const { track, sampleRate } = writer;
    const { wavCodec } = this.#options;
    const entry = { track, codec, sampleRate, wavCodec };
    await this.#patience
      .insist(() => journal.append(entry))
      .catch((error: unknown) => {
        this.#warnings.push(`${journal.path}: ${errorText(error)}`);
      });
    await writer.open(this.#pathOf(this.#stem));
    await this.#syncNames();
  }

  async #openFile(file: AppendFile, suffix: string): Promise<void> {
    await this.#reserved;
    if (!this.#stem) return file.abandon(this.#noName());
    await file.open(this.#pathOf(this.#stem) + suffix, NOTHING);
    await this.#syncNames();
  }

  #noName(): RstError {
    return new RstError('RST_RECORDING', this.#warnings[0] ?? 'no name was reserved');
  }

  async #reserve(name: string, journalHead: object): Promise<Journal> {
    const folder = dirname(this.#pathOf(name));
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    for (let segment = 1; segment <= MAX_SEGMENTS; segment++) {
      const stem = stemOf(name, segment);
      if (await this.#patience.disk.access.anyExists([`${this.#pathOf(stem)}.json`])) continue;
      const journal = await Journal.create(
        this.#options.dir,
        this.#pathOf(stem) + JOURNAL,
        {
          ...journalHead,
          segment,
          stem,
        },
        this.#patience.disk.access,
        this.#options.sync === 'interval',
      ).catch((error: unknown) => {
        if (systemCode(error) === 'EEXIST') return null;
        throw error;
      });
      if (!journal) continue;
      // Only now nobody else takes the name; the call before may just have left it its files.
      if (await this.#isTaken(stem)) {
        await removeJournal(journal.path);
        continue;
      }
      this.#segment = segment;
      this.#stem = stem;
      return journal;
    }
    throw new RstError('RST_RECORDING', `${name} has ${MAX_SEGMENTS} segments already`);
  }

  #cannotCreate(name: string, error: unknown): string {
    if (error instanceof RstError) return error.message;
    const code = systemCode(error) ?? errorText(error);
    return `${dirname(this.#pathOf(name))}: no recording can be created here (${code})`;
  }

  /** A file whose name a power cut takes is gone, whatever of it is on the disk. */
  async #syncNames(): Promise<void> {
    if (this.#options.sync === 'interval' && this.#stem)
      await this.#syncFolder(dirname(this.#pathOf(this.#stem)));
  }

  async #syncFolder(path: string): Promise<void> {
    await this.#patience.insist(() => syncFolder(path)).catch(() => {});
  }

  /** True where a file of that name exists, finished or not. */
  #isTaken(stem: string): Promise<boolean> {
    const path = this.#pathOf(stem);
    const names = [
      `${path}.json`,
      `${path}.wav`,
      `${path}.wav${PART}`,
      ...TRACKS.flatMap((track) => ENDINGS.map((ending) => `${path}-${track}${ending}`)),
    ];
    return this.#patience.disk.access.anyExists(names);
  }

  #pathOf(stem: string): string {
    return resolve(this.#options.dir, stem);
  }
}

/** A half that somebody has taken away does not come back. */
function forGood(error: unknown): never {
  if (systemCode(error) !== 'ENOENT') throw error;
  throw new RstError('RST_RECORDING', errorText(error), { cause: error });
}
