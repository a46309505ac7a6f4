import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { JOURNAL } from '../recording/index.ts';

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
  try {
    for await (const entry of await opendir(dir, { bufferSize: 256 })) {
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
