import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_MODE } from './disk-access.ts';
import { type ProcessMark, processMark, stateOfProcess } from './process-mark.ts';

/** Of a recordings folder: what servers keep there for themselves and each other. */
export const STATE_FOLDER = '.rst-server';

const FOLDER_MODE = 0o750;
const LEASE = 'alive-';
/** A file that has no name of its own yet. */
const NEW = 'new-';
const RENEW_MS = 10_000;
/** One that was not renewed for so long is of a process that has ended, or might as well. */
export const LEASE_MS = 60_000;

/**
 * Tells servers on other machines and in other containers, who share the recordings folder and can't see
 * this process, that it runs.
 */
export class Lease {
  readonly #path: string;
  readonly #folder: string;
  #timer: NodeJS.Timeout | null = null;

  /** `dir`: the recordings folder, absolute. */
  constructor(dir: string, mark: ProcessMark = processMark()) {
    this.#folder = join(dir, STATE_FOLDER);
    this.#path = join(dir, pathOf(mark));
  }

  /** Rejects with the system's error. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    await this.#removeStale();
    await this.#renew();
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), RENEW_MS).unref();
  }

  /** Never rejects: one that is left says nothing soon. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await rm(this.#path, { force: true }).catch(() => {});
    // Others may have something there.
    await rmdir(this.#folder).catch(() => {});
  }

  async #renew(): Promise<void> {
    const now = new Date();
    await utimes(this.#path, now, now).catch(() =>
      writeFile(this.#path, '', { mode: FILE_MODE, flag: 'wx' }),
    );
  }

  /** What processes have left that were killed. */
  async #removeStale(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const isOurs = name.startsWith(LEASE) || name.startsWith(NEW);
      if (isOurs && !(await isFresh(path))) await rm(path, { force: true });
    }
  }
}

/** Where a file may be written that is to stand in the recordings folder `dir`, once all of it is there. */
export function newPart(dir: string): string {
  return join(dir, STATE_FOLDER, NEW + randomUUID());
}

/** True where the process of a mark runs as far as anybody can tell here, who has the recordings folder `dir`. */
export async function isProcessAlive(dir: string, mark: ProcessMark): Promise<boolean> {
  const state = stateOfProcess(mark);
  return state === 'elsewhere' ? await isFresh(join(dir, pathOf(mark))) : state === 'running';
}

async function isFresh(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs < LEASE_MS;
}

function pathOf(mark: ProcessMark): string {
  const { host, boot, pids, pid, started } = mark;
  const text = JSON.stringify([host, boot, pids, pid, started]);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return join(STATE_FOLDER, LEASE + name);
}
