import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { LEASE_MS, Lease } from '../recording/index.ts';
import { findJournals } from './find-journals.ts';
import { type RecoverOptions, type RecoveryState, recover } from './recover.ts';

export interface RecoveryOptions extends Omit<RecoverOptions, 'isDryRun' | 'isOver'> {
  /** Where recordings go when the recordings folder can't take them; absolute. */
  fallbackDir: string | null;
  log: Log;
}

/**
 * Makes final what servers have left that ended without notice, one recording after the other, while calls
 * are taken. What is being recorded, here or elsewhere, is left alone.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** By the folder that each is of. */
  readonly #leases: ReadonlyMap<string, Lease>;
  readonly #abort = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #added: Promise<void> = Promise.resolve();

  constructor(options: RecoveryOptions) {
    this.#options = options;
    const { dir, fallbackDir } = options;
    const dirs = fallbackDir === null ? [dir] : [dir, fallbackDir];
    this.#leases = new Map(dirs.map((each) => [each, new Lease(each)]));
  }

  /** Tells servers elsewhere that this one records, before it does. Never rejects. */
  async open(): Promise<void> {
    for (const [dir, lease] of this.#leases)
      await lease.start().catch((error: unknown) => {
        const text = 'servers elsewhere that record into this folder are not told of this one';
        this.#options.log.warn({ dir, reason: errorText(error) }, text);
      });
  }

  start(): void {
    this.#done = this.#run().catch((error: unknown) => {
      if (!this.#abort.signal.aborted)
        this.#options.log.error({ err: error }, 'unfinished recordings could not be looked for');
    });
  }

  /** Makes a recording final that a thread of this process has left. */
  add(journal: string): void {
    const { signal } = this.#abort;
    this.#added = this.#added.then(async () => {
      if (!signal.aborted) await this.#recover(journal, true);
    });
  }

  /** Ends with the recording at hand. */
  stop(): void {
    this.#abort.abort();
  }

  /** Resolves once that is final; to be called when nothing is recorded any more. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all([this.#done, this.#added]);
    for (const lease of this.#leases.values()) await lease.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const live: string[] = [];
    for (const folder of this.#leases.keys())
      for await (const journal of findJournals(folder, signal)) {
        if (signal.aborted) return;
        if ((await this.#recover(journal)) === 'live') live.push(journal);
      }
    if (live.length === 0) return;
    // Of those on other machines or before a reboot it shows by then which go on.
    await sleep(2 * LEASE_MS, undefined, { signal, ref: false });
    for (const journal of live) {
      if (signal.aborted) return;
      await this.#recover(journal);
    }
  }

  async #recover(journal: string, isOver = false): Promise<RecoveryState> {
    const { log } = this.#options;
    const outcome = await recover(journal, { ...this.#options, isOver });
    const { state, uuid, durationMs, files, warnings } = outcome;
    if (state === 'live') return state;
    if (state === 'failed' || state === 'incomplete')
      log.error({ uuid, journal, files, warnings }, 'a recording could not be recovered');
    else log.warn({ uuid, durationMs, files, warnings }, 'recording recovered');
    return state;
  }
}
