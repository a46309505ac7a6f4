import { randomBytes, randomUUID } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verdict } from './check.ts';
import { readableSize } from './readable-size.ts';
import { ok, warning } from './verdict.ts';

const FILE_BYTES = 64 * 2 ** 20;
const WRITE_BYTES = 2 ** 20;
const SLOW_BYTES_PER_S = 20e6;

/** How fast a file is written and confirmed by the disk. `path`: the folder to write to. */
export async function checkDiskSpeed(path: string, signal: AbortSignal): Promise<Verdict> {
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < 2 * FILE_BYTES) return ok('not checked: the disk is almost full');
  return judgeDiskSpeed(await measure(path, signal));
}

export function judgeDiskSpeed(bytesPerS: number): Verdict {
  const found = `${readableSize(bytesPerS)} a second, written and confirmed`;
  return bytesPerS < SLOW_BYTES_PER_S
    ? warning(found, 'take a faster disk for records.dir, or see what else keeps this one busy')
    : ok(found);
}

/** Bytes per second. */
async function measure(path: string, signal: AbortSignal): Promise<number> {
  // Random, so that no file system makes less of it.
  const block = randomBytes(WRITE_BYTES);
  const name = join(path, `.rst-server-doctor-${randomUUID()}`);
  const file = await open(name, 'wx', 0o600);
  try {
    const startedMs = performance.now();
    for (let at = 0; at < FILE_BYTES; at += WRITE_BYTES) {
      signal.throwIfAborted();
      await file.writeFile(block);
    }
    await file.sync();
    return FILE_BYTES / ((performance.now() - startedMs) / 1000);
  } finally {
    await file.close();
    await rm(name, { force: true });
  }
}
