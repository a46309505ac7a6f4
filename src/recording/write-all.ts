import { write } from 'node:fs';

/** Writes all bytes from that position on, whatever number of system calls that takes. Rejects with the system's error. */
export async function writeAll(fd: number, bytes: Uint8Array, positionBytes: number) {
  for (let doneBytes = 0; doneBytes < bytes.length; )
    doneBytes += await new Promise<number>((resolve, reject) => {
      const left = bytes.length - doneBytes;
      write(fd, bytes, doneBytes, left, positionBytes + doneBytes, (error, writtenBytes) =>
        error ? reject(error) : resolve(writtenBytes),
      );
    });
}
