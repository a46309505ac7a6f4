import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, systemCode } from '../errors.ts';

/** One thing that recordings depend on. */
export interface HealthCheck {
  name: string;
  /** A `warning` is worth a look, and no call is lost for it. */
  status: 'ok' | 'warning' | 'failed';
  found: string;
  /** Where it has failed, starting the server again may help. */
  isCuredByRestart: boolean;
}

/** How a running server is. */
export interface Health {
  /** `unwell` where a check has failed. */
  status: 'well' | 'unwell';
  checks: HealthCheck[];
}

/** A folder that recordings go to. */
export interface RecordsFolder {
  readonly dir: string;
  /** `low`: less than `records.min_free`. */
  readonly room: 'enough' | 'low' | 'gone';
  readonly freeBytes: number;
  /** Why what is being recorded can't be written to it; null where it can. */
  readonly failing: string | null;
}

export interface HealthOptions {
  /** That of the recordings, and behind it the one for when that is of no use. */
  folders(): readonly RecordsFolder[];
  /** `HOST:PORT`; null where it does not listen. */
  control(): string | null;
  wantedWorkers(): number;
  /** For each worker: resolves once it answers. */
  workersAnswer(): Promise<void>[];
  /** Recordings of the last 5 minutes that could not be made final. */
  recentFailures(): number;
  boxes(): readonly { name: string; state: string; lastError: string | null }[];
}

/** A worker, or a disk, that takes longer than this is stuck. */
const WITHIN_MS = 2000;
/** Less than this is full: what running calls write in minutes. */
const LEAST_BYTES = 64e6;

const ROOMS = {
  enough: 'can be written to',
  low: 'can be written to, but has less room than records.min_free',
  gone: 'is gone',
} as const;

/** Looks whether calls are recorded now, and why not where they are not. */
export class HealthProbe {
  readonly #options: HealthOptions;
  /** A disk that does not answer is not asked again meanwhile: each question keeps a thread of the pool. */
  readonly #asked = new Map<string, Promise<string | null>>();

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Within 2 s, whatever hangs. Never rejects. */
  async examine(): Promise<Health> {
    const [workers, records] = await Promise.all([this.#workers(), this.#records()]);
    const checks = [this.#control(), workers, records, this.#failures(), ...this.#boxes()];
    const isWell = checks.every(({ status }) => status !== 'failed');
    return { status: isWell ? 'well' : 'unwell', checks };
  }

  #control(): HealthCheck {
    const place = this.#options.control();
    const about = { name: 'control port', isCuredByRestart: true };
    return place === null
      ? { ...about, status: 'failed', found: 'it is not open: the server starts or stops' }
      : { ...about, status: 'ok', found: `listens on ${place}` };
  }

  async #workers(): Promise<HealthCheck> {
    const about = { name: 'workers', isCuredByRestart: true };
    const wanted = this.#options.wantedWorkers();
    const asked = this.#options.workersAnswer();
    const answers = await Promise.all(
      asked.map((answer) =>
        within(
          answer.then(() => true),
          false,
        ),
      ),
    );
    const silent = answers.filter((isHeard) => !isHeard).length;
    if (silent > 0) {
      const found = `${silent} of ${asked.length} capture workers did not answer within ${WITHIN_MS / 1000} s: their calls are not written`;
      return { ...about, status: 'failed', found };
    }
    if (asked.length < wanted) {
      const found = `${asked.length} of ${wanted} capture workers run; the log says why the others ended`;
      return { ...about, status: 'failed', found };
    }
    return { ...about, status: 'ok', found: `${wanted} of ${wanted} answer` };
  }

  /** What one folder does not take the other one does. */
  async #records(): Promise<HealthCheck> {
    const folders = this.#options.folders();
    const reasons = await Promise.all(folders.map((folder) => this.#reasonAgainst(folder)));
    const about = { name: 'records', isCuredByRestart: false };
    const isFailed = reasons.every((reason) => reason !== null);
    const free = folders.map(({ dir, room }, i) => reasons[i] ?? `${dir} ${ROOMS[room]}`);
    const isLow = folders.some(({ room }, i) => reasons[i] !== null || room !== 'enough');
    const status = isFailed ? 'failed' : isLow ? 'warning' : 'ok';
    return { ...about, status, found: free.join('; ') };
  }

  /** Why nothing can be recorded there; null where it can. */
  async #reasonAgainst({ dir, room, freeBytes, failing }: RecordsFolder): Promise<string | null> {
    if (failing !== null) return `${dir} can't be written to: ${failing}`;
    if (room === 'gone') return `${dir} is gone, or its disk is not mounted`;
    if (freeBytes < LEAST_BYTES) return `the disk of ${dir} is full`;
    const asked = this.#asked.get(dir) ?? tryToWrite(dir).finally(() => this.#asked.delete(dir));
    this.#asked.set(dir, asked);
    return within(asked, `${dir} did not answer within ${WITHIN_MS / 1000} s`);
  }

  #failures(): HealthCheck {
    const failures = this.#options.recentFailures();
    const about = { name: 'recordings', isCuredByRestart: false };
    if (failures === 0)
      return { ...about, status: 'ok', found: 'all of the last 5 minutes were made final' };
    const found = `${failures} of the last 5 minutes could not be made final; the log says why`;
    return { ...about, status: 'failed', found };
  }

  /** One that is away costs no call that runs, and a restart would not bring it back. */
  #boxes(): HealthCheck[] {
    return this.#options.boxes().map(({ name, state, lastError }) => ({
      name: `box ${name}`,
      status: state === 'ready' ? 'ok' : 'warning',
      found: state === 'ready' || lastError === null ? state : `${state}: ${lastError}`,
      isCuredByRestart: false,
    }));
  }
}

/** What `task` comes to, or `late` where it takes longer than it may. */
async function within<Result>(task: Promise<Result>, late: Result): Promise<Result> {
  const timer = Promise.withResolvers<Result>();
  const timeout = setTimeout(() => timer.resolve(late), WITHIN_MS);
  try {
    return await Promise.race([task, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

/** Why it can't be written to; null where it can. */
async function tryToWrite(dir: string): Promise<string | null> {
  const probe = join(dir, `.rst-server-health-${process.pid}`);
  try {
    await writeFile(probe, '');
    await rm(probe);
    return null;
  } catch (error) {
    return `${dir} can't be written to: ${systemCode(error) ?? errorText(error)}`;
  }
}
