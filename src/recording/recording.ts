import { access, mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorText, RstError, systemCode } from '../errors.ts';
import type { BlockPool } from './block.ts';
import { formatOf } from './formats.ts';
import { JOURNAL, Journal } from './journal.ts';
import { stemOf } from './name.ts';
import type { RecordedFile, RecordingTags } from './sink.ts';
import { TRACKS, type TrackName } from './track-name.ts';
import { TrackWriter } from './track-writer.ts';

const FOLDER_MODE = 0o750;
/** A UUID that has been recorded this often in a day is no UUID. */
const MAX_SEGMENTS = 10_000;

export interface RecordingOptions {
  /** The recordings folder, absolute. */
  dir: string;
  /** As in `records.formats`. */
  formats: string[];
  sync: 'close' | 'none';
}

export interface RecordingResult {
  segment: number;
  /** Path without ending below the recordings folder; null where nothing could be created. */
  stem: string | null;
  journalPath: string | null;
  files: RecordedFile[];
  warnings: string[];
}

/** All files of one segment of one call. */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #pool: BlockPool;
  readonly #warnings: string[] = [];
  readonly #tracks = new Map<TrackName, TrackWriter>();
  readonly #opening: Promise<unknown>[] = [];
  #reserved: Promise<Journal | null> = Promise.resolve(null);
  #segment = 1;
  #stem: string | null = null;

  constructor(options: RecordingOptions, pool: BlockPool) {
    this.#options = options;
    this.#pool = pool;
  }

  /** Reserves the name of the call's next free segment; `journalHead` is what the journal says of the call. */
  open(date: string, uuid: string, journalHead: object): void {
    this.#reserved = this.#reserve(date, uuid, journalHead).catch((error: unknown) => {
      this.#warnings.push(errorText(error));
      return null;
    });
  }

  /** Starts a track; its files are created behind the caller's back, and what is written until then waits. */
  startTrack(track: TrackName, codec: string, sampleRate: number): TrackWriter {
    const formats = this.#options.formats.map(formatOf);
    const writer = new TrackWriter(track, { sampleRate }, formats, this.#pool);
    this.#tracks.set(track, writer);
    this.#opening.push(this.#openTrack(writer, codec));
    return writer;
  }

  flush(): void {
    for (const writer of this.#tracks.values()) writer.flush();
  }

  /** Makes everything final. Never rejects: what failed is in the warnings. */
  async finish(tags: RecordingTags): Promise<RecordingResult> {
    const journal = await this.#reserved;
    await Promise.all(this.#opening);
    const sync = this.#options.sync === 'close';
    const files: RecordedFile[] = [];
    const writers = TRACKS.flatMap((track) => this.#tracks.get(track) ?? []);
    for (const finished of await Promise.all(
      writers.map((writer) => writer.finish(tags, sync, this.#options.dir)),
    ))
      files.push(...finished);
    for (const writer of writers) this.#warnings.push(...writer.warnings);
    if (sync && this.#stem) await syncFolder(dirname(this.#pathOf(this.#stem)));
    return {
      segment: this.#segment,
      stem: this.#stem,
      journalPath: journal?.path ?? null,
      files,
      warnings: [...new Set(this.#warnings)],
    };
  }

  async #openTrack(writer: TrackWriter, codec: string): Promise<void> {
    const journal = await this.#reserved;
    if (!journal || !this.#stem) {
      writer.abandon(new RstError('RST_RECORDING', this.#warnings[0] ?? 'no name was reserved'));
      return;
    }
    const { track, shape } = writer;
    await journal.append({ track, codec, sampleRate: shape.sampleRate }).catch((error: unknown) => {
      this.#warnings.push(`${journal.path}: ${errorText(error)}`);
    });
    await writer.open(this.#pathOf(this.#stem));
  }

  async #reserve(date: string, uuid: string, journalHead: object): Promise<Journal> {
    const folder = this.#pathOf(date);
    try {
      await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
      for (let segment = 1; segment <= MAX_SEGMENTS; segment++) {
        const stem = stemOf(date, uuid, segment);
        if (await this.#isTaken(stem)) continue;
        const journal = await Journal.create(this.#pathOf(stem) + JOURNAL, {
          ...journalHead,
          segment,
        }).catch((error: unknown) => {
          if (systemCode(error) === 'EEXIST') return null;
          throw error;
        });
        if (!journal) continue;
        this.#segment = segment;
        this.#stem = stem;
        return journal;
      }
    } catch (error) {
      const code = systemCode(error) ?? errorText(error);
      throw new RstError('RST_RECORDING', `${folder}: no recording can be created here (${code})`, {
        cause: error,
      });
    }
    throw new RstError('RST_RECORDING', `${folder}: ${uuid} has ${MAX_SEGMENTS} segments already`);
  }

  /** True where a file of that name exists, finished or not. */
  async #isTaken(stem: string): Promise<boolean> {
    const path = this.#pathOf(stem);
    const extensions = this.#options.formats.map((format) => formatOf(format).extension);
    const names = [
      `${path}.json`,
      ...TRACKS.flatMap((track) =>
        extensions.flatMap((ending) => [
          `${path}-${track}.${ending}`,
          `${path}-${track}.${ending}.part`,
        ]),
      ),
    ];
    const found = await Promise.all(
      names.map((name) =>
        access(name).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.includes(true);
  }

  #pathOf(stem: string): string {
    return resolve(this.#options.dir, stem);
  }
}

/** Makes renames in a folder durable; where the system can't sync folders there is nothing to do. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => null);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
