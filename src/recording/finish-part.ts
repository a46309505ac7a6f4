import { type FileHandle, open, unlink } from 'node:fs/promises';
import { FILE_MODE } from './disk-access.ts';
import { giveName, PART } from './give-name.ts';
import type { RecordingTags, SinkFormat, SinkShape } from './sink.ts';
import { writeAll } from './write-all.ts';

/** How much silence is written at once. */
const FILL_BYTES = 1 << 16;

/** The samples that a file has and is to have. */
export interface PartSamples {
  format: SinkFormat;
  shape: SinkShape;
  silence: number;
  haveBytes: number;
  wantBytes: number;
}

/**
 * Makes `<path>.part` the final file `path`: head, the samples it has, silence up to those it is to have,
 * tail. Where it ends early, however, it can be done again. Rejects with the system's error, `RST_RECORDING`
 * where the name is taken.
 */
export async function finishPart(
  path: string,
  samples: PartSamples,
  tags: RecordingTags,
): Promise<void> {
  const file = await open(path + PART, 'r+');
  try {
    await writeSamples(file, samples, tags);
  } finally {
    await file.close();
  }
  await giveName(path + PART, path);
}

/** Creates a file of silence that is final at once. Rejects as `finishPart`, `EEXIST` where there is one. */
export async function createSilent(
  path: string,
  samples: Omit<PartSamples, 'haveBytes'>,
  tags: RecordingTags,
): Promise<void> {
  const file = await open(path + PART, 'wx', FILE_MODE);
  try {
    try {
      await writeSamples(file, { ...samples, haveBytes: 0 }, tags);
    } finally {
      await file.close();
    }
    await giveName(path + PART, path);
  } catch (error) {
    // It holds nothing.
    await unlink(path + PART).catch(() => {});
    throw error;
  }
}

async function writeSamples(file: FileHandle, samples: PartSamples, tags: RecordingTags) {
  const { format, shape, silence, haveBytes, wantBytes } = samples;
  const head = format.head(shape);
  const endBytes = head.length + wantBytes;
  // What stands behind the samples is a tail from before.
  await file.truncate(head.length + haveBytes);
  if (silence === 0) await file.truncate(endBytes);
  else await fill(file, silence, head.length + haveBytes, endBytes);
  const tail = format.tail(tags, wantBytes);
  await writeAll(file.fd, tail, endBytes);
  await writeAll(file.fd, format.finalHead(shape, wantBytes, tail.length), 0);
  await file.datasync();
}

async function fill(file: FileHandle, byte: number, fromBytes: number, toBytes: number) {
  const bytes = new Uint8Array(Math.min(FILL_BYTES, Math.max(0, toBytes - fromBytes))).fill(byte);
  for (let at = fromBytes; at < toBytes; at += bytes.length)
    await writeAll(file.fd, bytes.subarray(0, Math.min(bytes.length, toBytes - at)), at);
}
