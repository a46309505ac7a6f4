import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, systemCode } from '../errors.ts';
import type { Verdict } from './check.ts';
import { failed, ok } from './verdict.ts';

/** The folder of the recordings, or the one it would be made in. */
export interface RecordsFolder {
  verdict: Verdict;
  /** Where files can be tried; null where none can be made. */
  path: string | null;
}

/** Makes a file and a folder where the recordings go, and removes them. */
export async function checkRecordsFolder(dir: string): Promise<RecordsFolder> {
  try {
    const path = await nearestExisting(dir);
    await tryFolder(path);
    const found =
      path === dir ? `${dir} can be written to` : `${dir} does not exist yet and can be made`;
    return { verdict: ok(found), path };
  } catch (error) {
    const reason = REASONS.get(systemCode(error) ?? '') ?? errorText(error);
    return {
      verdict: failed(
        `${dir} can't be written to: ${reason}`,
        'give the user that runs rst-server the right to, or choose another records.dir',
      ),
      path: null,
    };
  }
}

async function tryFolder(path: string): Promise<void> {
  const folder = join(path, `.rst-server-doctor-${randomUUID()}`);
  await mkdir(folder);
  try {
    await writeFile(join(folder, 'file'), '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function nearestExisting(dir: string): Promise<string> {
  try {
    const found = await stat(dir);
    if (found.isDirectory()) return dir;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(dir) === dir) throw error;
    return nearestExisting(dirname(dir));
  }
  throw Object.assign(new Error(), { code: 'ENOTDIR' });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTDIR', 'a file stands there, or on the way there'],
  ['EACCES', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
]);
