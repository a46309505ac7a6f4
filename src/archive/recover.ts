import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { errorText, RstError } from '../errors.ts';
import {
  audioOf,
  below,
  claimJournal,
  dateOf,
  isProcessAlive,
  JOURNAL,
  type JournalContent,
  LEASE_MS,
  processMark,
  readJournal,
  recoverFiles,
  removeJournal,
} from '../recording/index.ts';
import { CdrFile, cdrOf } from './cdr.ts';
import { type JournalCall, journalCallOf, tagsOfCall } from './journal-call.ts';
import { linkPrevious } from './link-previous.ts';
import { editManifest, linkNext, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { completedManifest, recoveredManifest } from './recovered-manifest.ts';

export interface RecoverOptions {
  /** The recordings folder, absolute. */
  dir: string;
  /** Stands in manifests whose journal does not say. */
  node: string;
  timezone: string;
  /** Says what would be done, and does nothing. */
  isDryRun?: boolean;
  /** The process of its journal runs, but records it no more. */
  isOver?: boolean;
  /** recordId of the segment that has begun behind this one, where it has. */
  nextOf?(recordId: string): string | null;
}

/**
 * What became of a journal. `recovered`: everything is final. `incomplete`: some file could not be made so,
 * and the journal stays. `live`: it is being recorded, or made final by another process. `found`: what a dry
 * run would recover. `failed`: nothing could be done.
 */
export type RecoveryState = 'recovered' | 'incomplete' | 'live' | 'found' | 'failed';

export interface RecoveryOutcome {
  state: RecoveryState;
  /** Absolute. */
  journal: string;
  uuid: string;
  recordId: string | null;
  segment: number;
  durationMs: number;
  /** As in the manifest. */
  files: string[];
  /** What is wrong with it, in sentences. */
  warnings: string[];
}

/** Makes the recording of a journal final, and files its call. Never rejects. */
export async function recover(
  journalPath: string,
  options: RecoverOptions,
): Promise<RecoveryOutcome> {
  const outcome: RecoveryOutcome = {
    ...{ state: 'failed', journal: journalPath, uuid: uuidOf(journalPath), recordId: null },
    ...{ segment: 1, durationMs: 0, files: [], warnings: [] },
  };
  try {
    return await new JournalRecovery(journalPath, options, outcome).run();
  } catch (error) {
    // Whoever recorded it has just made it final.
    const isGone = !(await stat(journalPath).catch(() => null));
    return isGone
      ? { ...outcome, state: 'live' }
      : { ...outcome, state: 'failed', warnings: [errorText(error)] };
  }
}

class JournalRecovery {
  readonly #journalPath: string;
  readonly #stemPath: string;
  readonly #options: RecoverOptions;
  readonly #outcome: RecoveryOutcome;

  constructor(journalPath: string, options: RecoverOptions, outcome: RecoveryOutcome) {
    this.#journalPath = journalPath;
    this.#stemPath = journalPath.slice(0, -JOURNAL.length);
    this.#options = options;
    this.#outcome = outcome;
  }

  async run(): Promise<RecoveryOutcome> {
    const outcome = this.#outcome;
    let journal = await readJournal(this.#journalPath);
    const call = this.#callOf(journal);
    const dir = this.#dirOf(call);
    outcome.uuid = call.uuid;
    outcome.recordId = call.recordId;
    outcome.segment = call.segment;
    if (await this.#isLive(journal, dir)) return { ...outcome, state: 'live' };
    if (this.#options.isDryRun) {
      const audio = await audioOf(this.#stemPath);
      const folder = dirname(this.#stemPath);
      const files = audio.map(({ name }) => below(dir, join(folder, name)));
      return { ...outcome, state: 'found', files };
    }
    await claimJournal(this.#journalPath);
    journal = await readJournal(this.#journalPath);
    if (await this.#isLive(journal, dir)) return { ...outcome, state: 'live' };
    const filed = await this.#filed(call.recordId);
    const startedAtMs = call.startedAtMs ?? (await bornAtMs(this.#journalPath));
    const tags = tagsOfCall(call, startedAtMs);
    const recovered = await recoverFiles(dir, this.#stemPath, journal, tags);
    const recordId = filed?.recordId ?? call.recordId ?? randomUUID();
    const manifest = filed
      ? completedManifest(filed, journal, recovered)
      : recoveredManifest({
          recordId,
          next: this.#options.nextOf?.(recordId) ?? journal.next,
          node: call.node ?? this.#options.node,
          ...{ startedAtMs, call, journal, recovered },
        });
    // By now the segment behind it may have been filed.
    if (filed)
      await editManifest(this.#stemPath, ({ next }) => ({
        ...manifest,
        next: manifest.next ?? next,
      }));
    else await writeManifest(this.#stemPath, manifest);
    await this.#link(dir, call, manifest);
    await this.#addToCdr(dir, manifest, startedAtMs, filed !== null);
    if (!recovered.leavesPart) await removeJournal(this.#journalPath);
    return {
      ...outcome,
      state: recovered.leavesPart ? 'incomplete' : 'recovered',
      recordId,
      durationMs: manifest.durationMs,
      files: recovered.files.map(({ path }) => path),
      warnings: recovered.warnings,
    };
  }

  #callOf({ head }: JournalContent): JournalCall {
    const call = journalCallOf(head ?? {});
    const segment = head ? call.segment : segmentOf(this.#journalPath);
    return { ...call, segment, uuid: call.uuid || this.#outcome.uuid };
  }

  /** The recordings folder, which may be one above that which was asked for. */
  #dirOf({ stem }: JournalCall): string {
    const { dir } = this.#options;
    if (stem === null || isAbsolute(stem)) return dir;
    const isBelow = this.#stemPath.replaceAll(sep, '/').endsWith(`/${stem}`);
    return isBelow ? this.#stemPath.slice(0, -stem.length - 1) : dir;
  }

  /** Where another process has said first that it makes it final, this one leaves it alone. */
  async #isLive({ head, recorder, recoverers }: JournalContent, dir: string): Promise<boolean> {
    const isOver = this.#options.isOver === true;
    if (recorder && !isOver && (await isProcessAlive(dir, recorder))) return true;
    // One that has just been created says nothing yet.
    if (!head && recoverers.length === 0) {
      const { mtimeMs } = await stat(this.#journalPath);
      return Date.now() - mtimeMs < LEASE_MS;
    }
    const own = JSON.stringify(processMark());
    for (const mark of recoverers) {
      if (JSON.stringify(mark) === own) return false;
      if (await isProcessAlive(dir, mark)) return true;
    }
    return false;
  }

  /** Its manifest, where it has one; null where not. */
  async #filed(recordId: string | null): Promise<Manifest | null> {
    let manifest: Manifest;
    try {
      manifest = await readManifest(this.#stemPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    if (recordId === null || manifest.recordId === recordId) return manifest;
    throw new RstError(
      'RST_RECORDING',
      `${basename(this.#stemPath)}.json is the manifest of another recording; move one of them away`,
    );
  }

  /** The segments before and behind it name each other. */
  async #link(dir: string, { previous }: JournalCall, { recordId }: Manifest): Promise<void> {
    // It may have begun after the manifest was made.
    const next = this.#options.nextOf?.(recordId);
    if (next) await linkNext(this.#stemPath, recordId, next);
    if (previous) await linkPrevious(dir, previous, recordId);
  }

  /** One line a call: one that was filed before most likely has it. */
  async #addToCdr(dir: string, manifest: Manifest, startedAtMs: number, wasFiled: boolean) {
    const cdr = new CdrFile(dir);
    const date = dateOf(startedAtMs, this.#options.timezone);
    if (wasFiled && (await cdr.has(date, manifest.recordId))) return;
    await cdr.append(date, cdrOf(manifest));
  }
}

/** As good as the name of the file says, which may have lost what is behind a segment's dot. */
function uuidOf(journalPath: string): string {
  const name = basename(journalPath, JOURNAL).replace(/\.\d+$/, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function segmentOf(journalPath: string): number {
  return Number(/\.(\d+)$/.exec(basename(journalPath, JOURNAL))?.[1] ?? 1);
}

async function bornAtMs(path: string): Promise<number> {
  const { birthtimeMs, mtimeMs } = await stat(path);
  return birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs;
}
