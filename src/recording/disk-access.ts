import { lstat } from 'node:fs';
import { type WriteBlock, writeByNode } from './write-block.ts';

/** How a thread gets at its files where it has many at a time. */
export interface DiskAccess {
  readonly write: WriteBlock;
  /** Whether one of these names is taken, be it by a link that leads nowhere. What can't be told is not. */
  anyExists(paths: readonly string[]): Promise<boolean>;
}

/** By node's own threads. */
export const BY_NODE: DiskAccess = {
  write: writeByNode,
  async anyExists(paths) {
    return (await Promise.all(paths.map(exists))).includes(true);
  },
};

/** Not by a promise of node's, whose error takes long to make: most do not exist. */
function exists(path: string): Promise<boolean> {
  return new Promise((resolve) => lstat(path, (error) => resolve(error === null)));
}
