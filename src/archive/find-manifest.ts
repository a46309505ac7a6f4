import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readManifest } from './manifest.ts';

/** What comes between the name of a call and the ending of its manifests. */
const SEGMENT = /^(?:\.\d+)?$/;
const ENDING = '.json';

/**
 * Finds the manifest of a record among all segments of `name` (see `expandName`) below `dir`. Returns its
 * absolute path without ending; null where there is none. Never rejects.
 */
export async function findManifest(
  dir: string,
  name: string,
  recordId: string,
): Promise<string | null> {
  const folder = dirname(resolve(dir, name));
  const base = basename(name);
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(base) || !entry.endsWith(ENDING)) continue;
    const own = entry.slice(0, -ENDING.length);
    if (!SEGMENT.test(own.slice(base.length))) continue;
    const manifest = await readManifest(join(folder, own)).catch(() => null);
    if (manifest?.recordId === recordId) return join(folder, own);
  }
  return null;
}
