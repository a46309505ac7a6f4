import { appendFile, open, unlink } from 'node:fs/promises';

const FILE_MODE = 0o640;

/** Ending of the file that stands beside a recording for as long as it is not final. */
export const JOURNAL = '.journal';

/**
 * The diary of an unfinished recording, one JSON object a line: the first says which call it is, the
 * others what was opened. It also reserves the segment's name, since it is created exclusively.
 */
export class Journal {
  readonly path: string;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws the system's error, `EEXIST` where another recording has that name. */
  static async create(path: string, head: object): Promise<Journal> {
    const file = await open(path, 'wx', FILE_MODE);
    try {
      try {
        await file.writeFile(`${JSON.stringify({ journal: 1, ...head })}\n`);
      } finally {
        await file.close();
      }
    } catch (error) {
      // It says of no call, and would hold the name for ever.
      await removeJournal(path).catch(() => {});
      throw error;
    }
    return new Journal(path);
  }

  /** Adds one line; lines keep their order. Rejects with the system's error. */
  append(entry: object): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    const written = this.#written.then(() => appendFile(this.path, line));
    this.#written = written.catch(() => {});
    return written;
  }
}

/** Removes the journal of a recording that is final; one that is gone already is fine. */
export async function removeJournal(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
