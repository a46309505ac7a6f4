import { constants, createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { errorText, RstError, systemCode } from '../errors.ts';
import { syncFolder } from '../recording/index.ts';
import { filesIn, type Manifest } from './manifest.ts';

const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

/** One call in one line. */
export interface CdrLine {
  uuid: string;
  segment: number;
  recordId: string;
  node: string;
  box: string | null;
  caller: string;
  callee: string;
  callerName: string;
  calleeName: string;
  direction: string | null;
  accountCode: string;
  startedAt: string | null;
  answeredAt: string | null;
  endedAt: string;
  durationMs: number;
  endReason: string;
  hangupCause: string | null;
  packets: { R: number | null; W: number | null };
  lostPackets: { R: number | null; W: number | null };
  files: string[];
  warnings: number;
  variables: Record<string, string>;
}

export function cdrOf(manifest: Manifest): CdrLine {
  const { R, W } = manifest.tracks;
  const { channel } = manifest;
  return {
    uuid: manifest.uuid,
    segment: manifest.segment,
    recordId: manifest.recordId,
    node: manifest.node,
    box: manifest.box,
    caller: manifest.caller,
    callee: manifest.callee,
    callerName: channel?.callerName ?? '',
    calleeName: channel?.calleeName ?? '',
    direction: channel?.direction ?? null,
    accountCode: channel?.accountCode ?? '',
    startedAt: manifest.startedAt,
    answeredAt: manifest.answeredAt,
    endedAt: manifest.endedAt,
    durationMs: manifest.durationMs,
    endReason: manifest.endReason,
    hangupCause: channel?.hangupCause ?? null,
    packets: { R: R.packets, W: W.packets },
    lostPackets: { R: R.lostPackets, W: W.lostPackets },
    files: filesIn(manifest).map((file) => file.path),
    warnings: manifest.warnings.length,
    variables: channel?.variables ?? {},
  };
}

/** Some readers take these for the end of a line; within JSON they may be written as escapes. */
function oneLine(line: CdrLine): string {
  return JSON.stringify(line).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The call detail records of a recordings folder: `<dir>/cdr/<date>.jsonl`, one line a call. */
export class CdrFile {
  readonly #dir: string;
  readonly #folder: string;
  readonly #isSynced: boolean;
  #written: Promise<void> = Promise.resolve();
  #synced: Promise<void> = Promise.resolve();
  /** The next sync of each file, which has not begun. */
  readonly #syncs = new Map<string, Promise<void>>();

  /** With `isSynced` a line outlives a power cut once the promise of it has resolved. */
  constructor(dir: string, isSynced = true) {
    this.#dir = dir;
    this.#isSynced = isSynced;
    this.#folder = join(dir, 'cdr');
  }

  /** True where the file of `date` has a line of this record. Reads all of it, piece by piece. */
  async has(date: string, recordId: string): Promise<boolean> {
    const needle = `"recordId":${JSON.stringify(recordId)}`;
    const input = createReadStream(join(this.#folder, `${date}.jsonl`));
    try {
      for await (const line of createInterface({ input })) if (line.includes(needle)) return true;
    } catch {
      // There is no such file yet.
    } finally {
      input.destroy();
    }
    return false;
  }

  /**
   * Appends a line to the file of `date`; lines never mix. Rejects with the system's error, and `RST_RECORDING`
   * where it is written and may not be on the disk: it is not to be written again.
   */
  append(date: string, line: CdrLine): Promise<void> {
    const path = join(this.#folder, `${date}.jsonl`);
    const written = this.#written.then(async () => {
      await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
      await appendLine(path, `${oneLine(line)}\n`);
    });
    this.#written = written.catch(() => {});
    return this.#isSynced ? written.then(() => this.#sync(path)) : written;
  }

  /** Lines of calls that end together share it: those that come during one have the next. */
  #sync(path: string): Promise<void> {
    const next = this.#syncs.get(path);
    if (next !== undefined) return next;
    const synced = this.#synced.then(async () => {
      this.#syncs.delete(path);
      try {
        await syncLines(path);
        // It may be new, and its folder too.
        await syncFolder(this.#folder);
        await syncFolder(this.#dir);
      } catch (error) {
        const code = systemCode(error) ?? errorText(error);
        throw new RstError('RST_RECORDING', `${path} may not be on the disk (${code})`);
      }
    });
    this.#synced = synced.catch(() => {});
    this.#syncs.set(path, synced);
    return synced;
  }
}

async function syncLines(path: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** All of the line or nothing of it: on a full disk the beginning of one may fit. */
async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, APPEND, FILE_MODE);
  try {
    const { size } = await file.stat();
    try {
      await file.writeFile(line);
    } catch (error) {
      await file.truncate(size).catch(() => {});
      throw error;
    }
  } finally {
    await file.close();
  }
}
