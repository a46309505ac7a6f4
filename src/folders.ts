import type { BigIntStats } from 'node:fs';
import { access, constants, mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MinFree } from './config/index.ts';
import { errorText, RstError, systemCode } from './errors.ts';
import type { Log } from './log.ts';
import type { DiskReport } from './recording/index.ts';

/** How often the disks are looked at. */
const LOOK_MS = 2000;
/** A disk that was short of room has enough again with so much more than that. */
const ENOUGH = 1.05;

export interface FoldersOptions {
  dir: string;
  fallbackDir: string | null;
  minFree: MinFree;
  log: Log;
}

type Room = 'enough' | 'low' | 'gone';

/** A folder that recordings go to, as it is now. */
export interface Folder {
  readonly dir: string;
  readonly key: 'records.dir' | 'records.fallback_dir';
  room: Room;
  /** As it was looked at last. */
  freeBytes: number;
  /** Why it can't be written to; null where it can. */
  failing: string | null;
}

/** What the reports of a folder's threads add up to. */
interface Alarm {
  reporters: number;
  sinceMs: number;
  lostBytes: number;
}

/**
 * The recordings folder and the one for when that is short of room, fails, or is gone: says where new
 * recordings go, and logs each of these once when it begins and once when it is over.
 */
export class Folders {
  readonly #options: FoldersOptions;
  readonly #main: Folder;
  readonly #fallback: Folder | null;
  readonly #alarms = new Map<Folder, Alarm>();
  /** The disk that has the mount point, by folder; null where it is none. */
  readonly #devicesBelow = new Map<Folder, bigint | null>();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;

  constructor(options: FoldersOptions) {
    const { dir, fallbackDir } = options;
    const idle = { room: 'enough', freeBytes: Infinity, failing: null } as const;
    this.#options = options;
    this.#main = { dir, key: 'records.dir', ...idle };
    this.#fallback =
      fallbackDir === null ? null : { dir: fallbackDir, key: 'records.fallback_dir', ...idle };
  }

  /** For whoever shows them. */
  get all(): readonly Readonly<Folder>[] {
    return this.#folders;
  }

  /**
   * Creates them where they are missing, and resolves once both have been looked at.
   *
   * @throws RstError RST_NOT_WRITABLE
   */
  async start(): Promise<void> {
    for (const folder of this.#folders) await assertWritable(folder);
    for (const folder of this.#folders)
      this.#devicesBelow.set(folder, await deviceBelow(folder.dir));
    await this.#warnOfOneDisk();
    await this.#look();
    // A disk that does not answer keeps a look from its end; a second one would only wait as well.
    this.#timer = setInterval(() => {
      if (!this.#isLooking) void this.#look();
    }, LOOK_MS);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The name of a new recording: itself, or its path in the other folder where it should go there. */
  place(name: string): string {
    const fallback = this.#fallback;
    if (fallback === null || isFit(this.#main) || !isFit(fallback)) return name;
    return join(fallback.dir, name);
  }

  /** What a thread that writes there tells. */
  report(report: DiskReport): void {
    const folder = this.#folders.find(({ dir }) => dir === report.dir);
    if (!folder) return;
    const alarm = this.#alarms.get(folder) ?? { reporters: 0, sinceMs: 0, lostBytes: 0 };
    this.#alarms.set(folder, alarm);
    if (report.state === 'failing') {
      if (alarm.reporters++ === 0) this.#raise(folder, alarm, report.reason);
      return;
    }
    alarm.lostBytes += report.lostBytes;
    if (--alarm.reporters === 0) this.#clear(folder, alarm);
  }

  get #folders(): readonly Folder[] {
    return this.#fallback ? [this.#main, this.#fallback] : [this.#main];
  }

  #raise(folder: Folder, alarm: Alarm, reason: string): void {
    folder.failing = reason;
    alarm.sinceMs = performance.now();
    this.#options.log.error(
      { dir: folder.dir, reason },
      `${folder.key} ${folder.dir} can't be written to (${reason}): calls go on, and their audio waits in memory, up to records.max_buffer${this.#elsewhere(folder)}`,
    );
  }

  #clear(folder: Folder, alarm: Alarm): void {
    folder.failing = null;
    const failedMs = Math.round(performance.now() - alarm.sinceMs);
    const { lostBytes } = alarm;
    this.#alarms.delete(folder);
    const loss =
      lostBytes === 0
        ? 'nothing was lost'
        : `${inWords(lostBytes)} did not fit into records.max_buffer; the manifests say where that is missing`;
    this.#options.log.warn(
      { dir: folder.dir, failedMs, lostBytes },
      `${folder.key} ${folder.dir} can be written to again, after ${Math.round(failedMs / 1000)} s: ${loss}`,
    );
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    for (const folder of this.#folders) {
      const [room, text] = await this.#roomOf(folder);
      if (room === folder.room) continue;
      const before = folder.room;
      folder.room = room;
      this.#say(folder, before, text);
    }
    this.#isLooking = false;
  }

  async #roomOf(folder: Folder): Promise<[room: Room, text: string]> {
    try {
      const [{ dev }, { bavail, bsize, blocks }] = await Promise.all([
        stat(folder.dir, { bigint: true }),
        statfs(folder.dir),
      ]);
      folder.freeBytes = bavail * bsize;
      if (dev === this.#devicesBelow.get(folder))
        return ['gone', 'its disk is not mounted any more'];
      const { bytes, percent } = this.#options.minFree;
      const minBytes = Math.min(bytes, (percent / 100) * blocks * bsize);
      const wantedBytes = folder.room === 'low' ? minBytes * ENOUGH : minBytes;
      const free = `${inWords(folder.freeBytes)} are free there`;
      return folder.freeBytes < wantedBytes
        ? ['low', `${free}, less than records.min_free (${inWords(minBytes)})`]
        : ['enough', free];
    } catch (error) {
      return ['gone', `it can't be looked at (${systemCode(error) ?? String(error)})`];
    }
  }

  #say(folder: Folder, before: Room, text: string): void {
    const { log } = this.#options;
    const { dir, freeBytes, room } = folder;
    const where = `${folder.key} ${dir}: ${text}`;
    if (room === 'enough')
      log.info({ dir, freeBytes, was: before }, `${where}; it takes new recordings again`);
    else if (room === 'low') log.warn({ dir, freeBytes }, where + this.#elsewhere(folder));
    else log.error({ dir }, where + this.#elsewhere(folder));
  }

  /** Where new recordings go that should go there. */
  #elsewhere(folder: Folder): string {
    const fallback = this.#fallback;
    if (folder === fallback) return '';
    if (fallback === null)
      return '; new recordings go there all the same, as there is no records.fallback_dir';
    return isFit(fallback)
      ? `; new recordings go to records.fallback_dir ${fallback.dir}`
      : `; new recordings go there all the same, as records.fallback_dir ${fallback.dir} is no better`;
  }

  async #warnOfOneDisk(): Promise<void> {
    const devices = await Promise.all(this.#folders.map(({ dir }) => deviceOf(dir)));
    if (devices.length === 2 && devices[0] === devices[1])
      this.#options.log.warn(
        'records.fallback_dir is on the same disk as records.dir: it is of no use once that is full or fails',
      );
  }
}

function isFit({ room, failing }: Folder): boolean {
  return room === 'enough' && failing === null;
}

function deviceOf(path: string): Promise<bigint> {
  return stat(path, { bigint: true }).then(({ dev }: BigIntStats) => dev);
}

/** The disk that shows where that of `path` is not mounted; null where it can't be unmounted. */
async function deviceBelow(path: string): Promise<bigint | null> {
  const own = await deviceOf(path);
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const device = await deviceOf(dirname(at));
    if (device !== own) return device;
  }
  return null;
}

function inWords(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e5) / 10} MB` : `${Math.round(bytes / 1e8) / 10} GB`;
}

/** Creates the folder where it is missing and proves that a file can be made in it. */
async function assertWritable({ dir, key }: Folder): Promise<void> {
  const probe = join(dir, `.rst-server-${process.pid}`);
  try {
    await mkdir(dir, { recursive: true, mode: 0o750 });
    await access(dir, constants.W_OK | constants.X_OK);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new RstError(
      'RST_NOT_WRITABLE',
      `${key} ${dir} can't be written to (${systemCode(error) ?? errorText(error)}); give this user the right to, or choose another folder`,
      { cause: error },
    );
  }
}
