import {
  closeSync,
  fdatasyncSync,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { BLOCK_BYTES } from './block.ts';
import {
  CODES,
  type FromWriter,
  ORDER_FIELDS,
  type ToWriter,
  type WriteOrders,
  type WriteResults,
} from './block-writer.ts';
import { FILE_MODE, type NewFile } from './disk-access.ts';
import { decodeBlock } from './write-block.ts';

/** The thread behind `BlockWriter`. It waits for the disk for as long as that takes. */
if (!parentPort) throw new Error('block-writer-thread.ts runs as a worker thread only');
const port = parentPort;
const samples = new Int16Array(BLOCK_BYTES);
const decoded = new Uint8Array(samples.buffer);

port.on('message', (message: ToWriter) => {
  if ('paths' in message) answer(message.paths.some(exists));
  else if ('text' in message) answer(create(message));
  else {
    const results = writeAll(message);
    answer(results, [results.buffer]);
  }
});

function answer(message: FromWriter, transferred: ArrayBuffer[] = []): void {
  port.postMessage(message, transferred);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function create({ path, text, isDurable, part }: NewFile): number {
  if (put(part, text, isDurable) === 0) {
    const errno = link(part, path);
    remove(part);
    if (errno === 0 || errno === -constants.errno.EEXIST) return errno;
  }
  return put(path, text, isDurable);
}

function link(from: string, to: string): number {
  try {
    linkSync(from, to);
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

function put(path: string, text: string, isDurable: boolean): number {
  let fd: number;
  try {
    fd = openSync(path, 'wx', FILE_MODE);
  } catch (error) {
    return errnoOf(error);
  }
  const bytes = Buffer.from(text);
  let errno = writeWhole(fd, bytes, 0, bytes.length, 0);
  try {
    if (errno === 0 && isDurable) fdatasyncSync(fd);
    closeSync(fd);
  } catch (error) {
    errno = errnoOf(error);
  }
  if (errno !== 0) remove(path);
  return errno;
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Why it could not be written is what counts.
  }
}

function writeAll({ memories, orders }: WriteOrders): WriteResults {
  const bytes = memories.map((memory) => new Uint8Array(memory));
  const results: WriteResults = new Float64Array(orders.length / ORDER_FIELDS);
  for (let i = 0; i < results.length; i++) {
    const at = i * ORDER_FIELDS;
    const field = (number: number) => orders[at + number] as number;
    const memory = bytes[field(1)] as Uint8Array;
    results[i] = writeOne(field(0), memory, field(2), field(3), field(4), field(5));
  }
  return results;
}

function writeOne(
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
  codec: number,
): number {
  const codesOf = CODES[codec] ?? null;
  if (codesOf === null) return writeWhole(fd, bytes, start, length, position);
  const size = decodeBlock(bytes, start, length, codesOf, samples);
  return writeWhole(fd, decoded, 0, size, position);
}

/** Returns 0, or the system's error number. */
function writeWhole(
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
): number {
  try {
    for (let done = 0; done < length; )
      done += writeSync(fd, bytes, start + done, length - done, position + done);
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): number {
  return (error as NodeJS.ErrnoException).errno ?? -constants.errno.EIO;
}
