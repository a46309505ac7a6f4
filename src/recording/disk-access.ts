import { lstat } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { type WriteBlock, writeByNode } from './write-block.ts';

/** Files are for the service and its group. */
export const FILE_MODE = 0o640;

/** How a thread gets at its files where it has many at a time. */
export interface DiskAccess {
  readonly write: WriteBlock;
  /** Whether one of these names is taken, be it by a link that leads nowhere. What can't be told is not. */
  anyExists(paths: readonly string[]): Promise<boolean>;
  /**
   * Creates a file that holds the text, and is on the disk where that is wanted. Rejects with the system's
   * error, `EEXIST` where the name is taken; what was created is gone then.
   */
  create(path: string, text: string, isDurable: boolean): Promise<void>;
}

/** By node's own threads. */
export const BY_NODE: DiskAccess = {
  write: writeByNode,
  async anyExists(paths) {
    return (await Promise.all(paths.map(exists))).includes(true);
  },
  async create(path, text, isDurable) {
    await using file = await open(path, 'wx', FILE_MODE);
    try {
      await file.writeFile(text);
      if (isDurable) await file.datasync();
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
  },
};

/** Not by a promise of node's, whose error takes long to make: most do not exist. */
function exists(path: string): Promise<boolean> {
  return new Promise((resolve) => lstat(path, (error) => resolve(error === null)));
}
