import { link, lstat, rename, stat, unlink } from 'node:fs/promises';
import { RstError, systemCode } from '../errors.ts';

/** While it is written a file has this behind its name. */
export const PART = '.part';

/** What file systems without hard links answer, and those that have no room for a further name. */
const NO_LINKS = new Set([
  ...['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'],
  ...['ENOSPC', 'EDQUOT'],
]);

/** Renames without ever replacing: a hard link fails where the name is taken, a rename would not. */
export async function giveName(from: string, to: string): Promise<void> {
  try {
    await link(from, to).catch(async (error: unknown) => {
      // Tried before, it may have got as far as that.
      if (systemCode(error) !== 'EEXIST' || !(await isSame(from, to))) throw error;
    });
    await unlink(from);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error) ?? '')) throw error;
    const taken = await stat(to).then(
      () => true,
      () => false,
    );
    if (taken) throw new RstError('RST_RECORDING', `${to} exists already and is left as it is`);
    await rename(from, to);
  }
}

/** Two names of one file. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one), lstat(other)]);
  return a.ino === b.ino && a.dev === b.dev;
}
