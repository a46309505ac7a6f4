import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** So many files are read at a time; many calls may end at once. */
const AT_A_TIME = 4;
const READ_BYTES = 1 << 18;

let reading = 0;
const waiting: (() => void)[] = [];

/** The SHA-256 of a file in hex, or null where it can't be read. */
export async function sha256Of(path: string): Promise<string | null> {
  if (reading === AT_A_TIME) await new Promise<void>((resolve) => void waiting.push(resolve));
  else reading++;
  try {
    return await hashOf(path);
  } catch {
    return null;
  } finally {
    const next = waiting.shift();
    if (next) next();
    else reading--;
  }
}

async function hashOf(path: string): Promise<string> {
  await using file = await open(path);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}
