import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { escapeName, isProcessAlive, STATE_FOLDER } from '../recording/index.ts';
import type { Call } from './call.ts';
import { parseTapNote, type TapNote, tapNoteOf } from './tap-note.ts';

const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const ENDING = '.json';
/** A call that began before this is over by now, whatever became of it. */
const MOST_MS = 48 * 3600e3;

/** Those of the records that have left anything. Never rejects. */
export type FindRecords = (
  records: readonly Pick<TapNote, 'recordId' | 'name'>[],
) => Promise<ReadonlySet<string>>;

/**
 * A note of each call whose tap may go on when this server has ended, however it does: one file each below
 * the recordings folder, there while the call runs and for as long as it could go on.
 */
export class TapNotes {
  readonly #dir: string;
  readonly #folder: string;
  readonly #log: Log;
  /** What is under way, by recordId; one thing after the other. */
  readonly #pending = new Map<string, Promise<void>>();
  /** Resolves once all notes are there that have been asked for until now. */
  #written: Promise<void> = Promise.resolve();
  #hasFailed = false;

  /** `dir`: the recordings folder, absolute. */
  constructor(dir: string, node: string, log: Log) {
    this.#dir = dir;
    this.#folder = join(dir, STATE_FOLDER, `taps-${escapeName(node)}`);
    this.#log = log;
  }

  /**
   * The notes of servers that have ended, of each UUID and pair of ports the last one. `findRecords` says of which,
   * by recordId, anything was recorded. Never rejects.
   */
  async read(findRecords: FindRecords): Promise<TapNote[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const notes: TapNote[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      const note = parseTapNote(await readFile(path, 'utf8').catch(() => ''));
      if (note && (await isProcessAlive(this.#dir, note.process))) continue;
      if (note && name === note.recordId + ENDING && Date.now() - note.startedAtMs < MOST_MS)
        notes.push(note);
      else await rm(path, { force: true }).catch(() => {});
    }
    const taken = new Set<string | number>();
    const last = notes
      .sort((a, b) => b.startedAtMs - a.startedAtMs)
      .filter(({ inv, ports, recordId }) => {
        const keys = [inv.uuid, ...(ports ? [ports.readPort, ports.writePort] : [])];
        const isNews = keys.every((key) => !taken.has(key));
        for (const key of keys) taken.add(key);
        if (!isNews) this.remove({ recordId });
        return isNews;
      });
    // The first of a call has none to go back to.
    const found = await findRecords(last.filter(({ previous }) => previous !== null));
    return last.map((note) => (found.has(note.recordId) ? note : this.#goBack(note)));
  }

  /** A server that is killed as a segment begins leaves the note of it and no journal. */
  #goBack(note: TapNote): TapNote {
    if (note.previous === null) return note;
    const before: TapNote = { ...note, ...note.previous, previous: null };
    this.#put(before);
    this.remove(note);
    return before;
  }

  /** Notes the call as it is now; behind the caller's back. */
  write(call: Call): void {
    this.#put(tapNoteOf(call));
  }

  #put(note: TapNote): void {
    const text = JSON.stringify(note);
    const path = this.#pathOf(note);
    const done = this.#do(note, async () => {
      await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
      // A server that is killed meanwhile leaves one or the other, whole.
      await writeFile(`${path}.part`, text, { mode: FILE_MODE });
      await rename(`${path}.part`, path);
    });
    const before = this.#written;
    this.#written = done.then(() => before);
  }

  /** The call does not go on, at least not as itself. */
  remove(call: Pick<Call, 'recordId'>): void {
    const written = this.#written;
    void this.#do(call, async () => {
      // A server that is killed between the two knows the tap by the note of the segment before, or behind it.
      await written;
      await rm(this.#pathOf(call), { force: true });
    });
  }

  /** Resolves once all is written. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#pending.values());
  }

  #pathOf({ recordId }: Pick<Call, 'recordId'>): string {
    return join(this.#folder, recordId + ENDING);
  }

  #do({ recordId }: Pick<Call, 'recordId'>, action: () => Promise<void>): Promise<void> {
    const done = (this.#pending.get(recordId) ?? Promise.resolve())
      .then(action)
      .catch((error: unknown) => this.#failed(error))
      .then(() => {
        if (this.#pending.get(recordId) === done) this.#pending.delete(recordId);
      });
    this.#pending.set(recordId, done);
    return done;
  }

  /** Once: a disk that fails has an alarm of its own. */
  #failed(error: unknown): void {
    const text = 'a restart will not know which taps run: their notes could not be written';
    if (!this.#hasFailed) this.#log.warn({ reason: errorText(error) }, text);
    this.#hasFailed = true;
  }
}
