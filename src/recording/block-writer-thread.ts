import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { BLOCK_BYTES } from './block.ts';
import { CODES, ORDER_FIELDS, type WriteOrders, type WriteResults } from './block-writer.ts';
import { decodeBlock } from './write-block.ts';

/** The thread behind `BlockWriter`. It waits for the disk for as long as that takes. */
if (!parentPort) throw new Error('block-writer-thread.ts runs as a worker thread only');
const port = parentPort;
const samples = new Int16Array(BLOCK_BYTES);
const decoded = new Uint8Array(samples.buffer);

port.on('message', ({ memories, orders }: WriteOrders) => {
  const bytes = memories.map((memory) => new Uint8Array(memory));
  const results: WriteResults = new Float64Array(orders.length / ORDER_FIELDS);
  for (let i = 0; i < results.length; i++) {
    const [fd, memory, start, length, position, codec] = orders.subarray(
      i * ORDER_FIELDS,
    ) as never as [number, number, number, number, number, number];
    results[i] = writeOne(fd, bytes[memory] as Uint8Array, start, length, position, codec);
  }
  port.postMessage(results, [results.buffer]);
});

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
    return (error as NodeJS.ErrnoException).errno ?? -constants.errno.EIO;
  }
}
