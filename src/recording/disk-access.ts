import { lstat } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import { type WriteBlock, writeByNode } from './write-block.ts';

/** Files are for the service and its group. */
export const FILE_MODE = 0o640;

/** A file that has all of its text as soon as it has its name. */
export interface NewFile {
  path: string;
  text: string;
  /** It is on the disk, too. */
  isDurable: boolean;
  /** Where it is written before, on the same file system. */
  part: string;
}

/** How a thread gets at its files where it has many at a time. */
export interface DiskAccess {
  readonly write: WriteBlock;
  /** Whether one of these names is taken, be it by a link that leads nowhere. What can't be told is not. */
  anyExists(paths: readonly string[]): Promise<boolean>;
  /**
   * Rejects with the system's error, `EEXIST` where the name is taken; what was created is gone then. Where
   * `part` can't be had, or there are no hard links, a process that is killed may leave less than the text.
   */
  create(file: NewFile): Promise<void>;
}

/** By node's own threads. */
export const BY_NODE: DiskAccess = {
  write: writeByNode,
  async anyExists(paths) {
    return (await Promise.all(paths.map(exists))).includes(true);
  },
  async create({ path, text, isDurable, part }) {
    try {
      await put(part, text, isDurable);
      await link(part, path).finally(() => rm(part, { force: true }).catch(() => {}));
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw error;
      await put(path, text, isDurable);
    }
  },
};

async function put(path: string, text: string, isDurable: boolean): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    if (isDurable) await file.datasync();
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Not by a promise of node's, whose error takes long to make: most do not exist. */
function exists(path: string): Promise<boolean> {
  return new Promise((resolve) => lstat(path, (error) => resolve(error === null)));
}
