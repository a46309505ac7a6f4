import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { JOURNAL as ENDING, parseAudioName } from '../recording/index.ts';

/** What is left of a recording that nobody made final; paths are relative to the recordings folder. */
export interface LeftBehind {
  segment: number;
  stem: string;
  /** Absolute. It says what the files are. */
  journalPath: string;
  /** Its files, of which most end in `.part`. */
  files: string[];
}

const JOURNAL = /^(?:\.(\d+))?\.journal$/;

/**
 * Finds a recording by the `recordId` in the head of its journal, among all segments of `name` (see
 * `expandName`) below `dir`; null where its journal was never written. Rejects with the system's error.
 */
export async function findLeftBehind(
  dir: string,
  name: string,
  recordId: string,
): Promise<LeftBehind | null> {
  const folder = dirname(resolve(dir, name));
  const base = basename(name);
  const names = (await readdir(folder)).filter((entry) => entry.startsWith(base)).sort();
  for (const entry of names) {
    const match = JOURNAL.exec(entry.slice(base.length));
    const journalPath = join(folder, entry);
    if (!match || (await recordIdIn(journalPath)) !== recordId) continue;
    const own = entry.slice(0, -ENDING.length);
    const files = names
      .filter((file) => parseAudioName(file, own) !== null)
      .map((file) => join(dirname(name), file));
    const stem = join(dirname(name), own);
    return { segment: Number(match[1] ?? 1), stem, journalPath, files };
  }
  return null;
}

/** What the head of a journal says; null where it is none. Rejects with the system's error. */
export async function recordIdIn(path: string): Promise<unknown> {
  const [head = ''] = (await readFile(path, 'utf8')).split('\n', 1);
  try {
    return (JSON.parse(head) as { recordId?: unknown } | null)?.recordId ?? null;
  } catch {
    return null;
  }
}
