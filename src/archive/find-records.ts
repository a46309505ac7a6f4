import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from '../errors.ts';
import { recordIdIn } from './left-behind.ts';
import { readManifest } from './manifest.ts';

export interface RecordName {
  recordId: string;
  /** Path of its files without segment, leg and ending, as in `records.name`. */
  name: string;
}

/** A manifest or a journal. */
const FILE = /^(.+)\.(json|journal)$/;
/** Of a later segment than the first. */
const SEGMENT = /\.\d+$/;

/**
 * Which of many records have left anything below `dir`: a manifest or a journal that names them. Each folder is
 * read once; where it can't be, all that may be in it count as found. Never rejects.
 */
export async function findRecords(
  dir: string,
  records: readonly RecordName[],
): Promise<Set<string>> {
  const found = new Set<string>();
  const byFolder = Map.groupBy(records, ({ name }) => dirname(resolve(dir, name)));
  for (const [folder, wanted] of byFolder) {
    const names = Map.groupBy(wanted, ({ name }) => basename(name));
    for (const file of await filesIn(folder)) {
      if (file === null) for (const { recordId } of wanted) found.add(recordId);
      const [, stem = '', ending = ''] = FILE.exec(file ?? '') ?? [];
      if (!names.has(stem) && !names.has(stem.replace(SEGMENT, ''))) continue;
      const path = join(folder, stem);
      const recordId = await (ending === 'json'
        ? readManifest(path).then((manifest) => manifest.recordId)
        : recordIdIn(`${path}.journal`)
      ).catch(() => null);
      if (typeof recordId === 'string') found.add(recordId);
    }
  }
  return found;
}

/** One null where nobody can tell. */
async function filesIn(folder: string): Promise<(string | null)[]> {
  return readdir(folder).catch((error: unknown) => (systemCode(error) === 'ENOENT' ? [] : [null]));
}
