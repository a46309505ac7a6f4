import { statfs } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import { callCost } from '../service/index.ts';
import type { Verdict } from './check.ts';
import { readableSize } from './readable-size.ts';
import { failed, ok, warning } from './verdict.ts';

/** What the room is counted in. */
const CALLS = 100;
const FEW_HOURS = 1;
/** Less than this is full: files of the running calls would not fit. */
const LEAST_BYTES = 64e6;
const FEW_FILES = 10_000;

/** How long the disk lasts, by its bytes and its inodes. `path`: a folder on it. */
export async function checkDiskSpace(path: string, records: Config['records']): Promise<Verdict> {
  const { bavail, bsize, files, ffree } = await statfs(path);
  return judgeDiskSpace(
    // Some file systems have no inodes to run out of, and say zero.
    { freeBytes: bavail * bsize, freeFiles: files === 0 ? Number.POSITIVE_INFINITY : ffree },
    records,
  );
}

export function judgeDiskSpace(
  { freeBytes, freeFiles }: { freeBytes: number; freeFiles: number },
  records: Pick<Config['records'], 'formats' | 'wavCodec' | 'hex'>,
): Verdict {
  const cost = callCost(records);
  const hours = freeBytes / (cost.bytesPerS * CALLS) / 3600;
  const calls = Math.floor(freeFiles / cost.files);
  const found = `${readableSize(freeBytes)} are free, which is ${hours.toFixed(1)} hours of ${CALLS} calls at a time`;
  const more = 'make room, take a larger disk for records.dir, or see records.formats';
  if (freeBytes < LEAST_BYTES) return failed(found, more);
  if (freeFiles < FEW_FILES)
    return (calls < CALLS ? failed : warning)(
      `${freeFiles} inodes are left, which is ${calls} recordings`,
      'remove files, or make the file system anew with more inodes',
    );
  return hours < FEW_HOURS ? warning(found, more) : ok(found);
}
