import { close, constants, fstat, open } from 'node:fs';
import { promisify } from 'node:util';

const openFile = promisify(open);
const statFile = promisify(fstat);
const closeFile = promisify(close);

/** Opens a file for writing once more; null where none of that number (`ino`) has the path. */
export async function reopen(
  path: string,
  inode: number,
): Promise<{ fd: number; sizeBytes: number } | null> {
  let fd = -1;
  try {
    fd = await openFile(path, constants.O_RDWR | constants.O_NOFOLLOW);
    const { ino, size } = await statFile(fd);
    if (ino === inode) return { fd, sizeBytes: size };
  } catch {
    // Whoever writes to the file that was open hears what is wrong.
  }
  if (fd >= 0) await closeFile(fd).catch(() => {});
  return null;
}
