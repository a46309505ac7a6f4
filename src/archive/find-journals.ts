import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOURNAL } from '../recording/index.ts';

/** Of a year's recordings there are many millions: behind so many the processor is left to calls for a while. */
const AT_ONCE = 1024;
const PAUSE_MS = 3;

/**
 * Finds the journals below a folder, those of the last day first where days name its folders. One folder is
 * read at a time, piece by piece, however large it is; links are not followed, and what can't be read is
 * passed over. Rejects with the system's error where `dir` itself can't be read.
 */
export async function* findJournals(dir: string, signal?: AbortSignal): AsyncGenerator<string> {
  yield* walk(dir, signal, (error) => {
    throw error;
  });
}

async function* walk(
  dir: string,
  signal: AbortSignal | undefined,
  refused: (error: unknown) => void,
): AsyncGenerator<string> {
  const folders: string[] = [];
  const journals: string[] = [];
  let entries = 0;
  try {
    for await (const entry of await opendir(dir, { bufferSize: 256 })) {
      if (++entries % AT_ONCE === 0) await sleep(PAUSE_MS);
      if (signal?.aborted) return;
      if (isFolder(entry)) folders.push(entry.name);
      else if (entry.isFile() && entry.name.endsWith(JOURNAL)) journals.push(entry.name);
    }
  } catch (error) {
    refused(error);
  }
  // Only now: what becomes final changes the folder.
  for (const name of journals.sort()) yield join(dir, name);
  for (const name of folders.sort().reverse()) yield* walk(join(dir, name), signal, () => {});
}

/** No part of `records.name` begins with a dot. */
function isFolder(entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith('.');
}
