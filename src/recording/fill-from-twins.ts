import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampleFile } from './sample-file.ts';
import { writeAll } from './write-all.ts';

const CHUNK_BYTES = 1 << 16;

/**
 * Appends to each unfinished file what another file of its track, of the same samples, holds beyond it: a process
 * that is killed between two writes has written to one and not to the other. `dataBytes` are what they hold then.
 * Where that can't be read or written, the file stays as long as it came.
 */
export async function fillFromTwins(folder: string, files: readonly SampleFile[]): Promise<void> {
  for (const file of files) {
    const twins = files.filter((other) => isTwin(file, other));
    const longest = twins.reduce((one, other) => (other.dataBytes > one.dataBytes ? other : one));
    if (file.isPart && longest.dataBytes > file.dataBytes)
      await append(folder, longest, file).catch(() => {});
  }
}

/** Each is its own. */
function isTwin(one: SampleFile, other: SampleFile): boolean {
  return (
    one.track === other.track &&
    one.shape.codec === other.shape.codec &&
    one.shape.sampleRate === other.shape.sampleRate &&
    one.shape.channels === other.shape.channels
  );
}

async function append(folder: string, from: SampleFile, to: SampleFile): Promise<void> {
  await using source = await open(join(folder, from.name));
  await using target = await open(join(folder, to.name), 'r+');
  const head = to.format.head(to.shape);
  // Else it would be taken for samples, should this end here.
  if (to.dataBytes === 0) await writeAll(target.fd, head, 0);
  await target.truncate(head.length + to.dataBytes);
  while (to.dataBytes < from.dataBytes) {
    const chunk = await read(source, headBytes(from) + to.dataBytes, from.dataBytes - to.dataBytes);
    await writeAll(target.fd, chunk, head.length + to.dataBytes);
    to.dataBytes += chunk.length;
  }
}

async function read(file: FileHandle, position: number, mostBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(CHUNK_BYTES, mostBytes));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
  if (bytesRead !== bytes.length) throw new Error('it is shorter than it was');
  return bytes;
}

function headBytes({ format, shape }: SampleFile): number {
  return format.head(shape).length;
}
