import { systemCode } from '../errors.ts';
import { noteNext } from '../recording/index.ts';
import { findManifest } from './find-manifest.ts';
import type { RecordName } from './find-records.ts';
import { findLeftBehind } from './left-behind.ts';
import { linkNext } from './manifest.ts';

/**
 * Tells the segment before, below `dir`, which record goes on from it: in its manifest, and for the one that it
 * is still to get in its journal. Where neither is left, nobody is told. Rejects with the system's error.
 */
export async function linkPrevious(dir: string, previous: RecordName, next: string): Promise<void> {
  const { name, recordId } = previous;
  const left = await findLeftBehind(dir, name, recordId).catch(unlessGone);
  if (left) await noteNext(left.journalPath, next).catch(unlessGone);
  // It may have become final in between.
  const path = await findManifest(dir, name, recordId);
  if (path) await linkNext(path, recordId, next).catch(unlessGone);
}

function unlessGone(error: unknown): null {
  if (systemCode(error) !== 'ENOENT') throw error;
  return null;
}
