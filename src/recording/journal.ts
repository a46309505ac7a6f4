import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BY_NODE, type DiskAccess } from './disk-access.ts';
import { newPart } from './lease.ts';
import { processMark } from './process-mark.ts';
import { syncFolder } from './sync-folder.ts';

/** Without O_CREAT: one that was removed meanwhile stays away. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** Ending of the file that stands beside a recording for as long as it is not final. */
export const JOURNAL = '.journal';

/**
 * The diary of an unfinished recording, one JSON object a line: the first says which call it is and
 * which process records it, the others what was opened. It also reserves the segment's name, since it is
 * created exclusively.
 *
 *     {"journal":1,"recordId":…,"uuid":…,…,"segment":1,"process":{…}}
 *     {"track":"R","codec":"PCMU","sampleRate":8000,"wavCodec":"pcm"}
 *     {"next":…}              which record goes on from it, where that is known before this one is final
 *     {"recovering":{…}}      a process that makes it final, after the first has ended
 */
export class Journal {
  readonly path: string;
  readonly #isDurable: boolean;
  #written: Promise<void> = Promise.resolve();
  /** What was added last may have been cut short. */
  #isTorn = false;

  private constructor(path: string, isDurable: boolean) {
    this.path = path;
    this.#isDurable = isDurable;
  }

  /**
   * `dir`: the recordings folder. Throws the system's error, `EEXIST` where another recording has that name.
   * With `isDurable` each line is on the disk before the promise of it resolves.
   */
  static async create(
    dir: string,
    path: string,
    head: object,
    access: DiskAccess = BY_NODE,
    isDurable = false,
  ): Promise<Journal> {
    const text = lineOf({ journal: 1, ...head, process: processMark() });
    // One without a head says of no call, and would hold the name for a while.
    await access.create({ path, text, isDurable, part: newPart(dir) });
    if (isDurable) {
      const folder = dirname(path);
      await syncFolder(folder);
      // It may be new itself.
      await syncFolder(dirname(folder));
    }
    return new Journal(path, isDurable);
  }

  /** Adds one line; lines keep their order. Rejects with the system's error. */
  append(entry: object): Promise<void> {
    const written = this.#written.then(async () => {
      const before = this.#isTorn ? '\n' : '';
      this.#isTorn = true;
      await appendLine(this.path, entry, this.#isDurable, before);
      this.#isTorn = false;
    });
    this.#written = written.catch(() => {});
    return written;
  }
}

/** Says in a journal, behind whatever was written last, that this process makes the recording final. */
export async function claimJournal(path: string): Promise<void> {
  // Its last line may have been cut short.
  await appendLine(path, { recovering: processMark() }, false, '\n');
}

/** Says in the journal of a recording that is not final yet which record goes on from it. */
export async function noteNext(path: string, recordId: string): Promise<void> {
  await appendLine(path, { next: recordId }, false, '\n');
}

/** Removes the journal of a recording that is final; one that is gone already is fine. */
export async function removeJournal(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function appendLine(path: string, entry: object, isDurable: boolean, before = '') {
  const file = await open(path, APPEND);
  try {
    await file.writeFile(before + lineOf(entry));
    if (isDurable) await file.datasync();
  } finally {
    await file.close();
  }
}

function lineOf(entry: object): string {
  return `${JSON.stringify(entry)}\n`;
}
