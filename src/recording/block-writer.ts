import { getSystemErrorName } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { CodesOf } from './block.ts';
import { BY_NODE, type DiskAccess, type NewFile } from './disk-access.ts';
import { type WriteBlock, writeByNode } from './write-block.ts';

/** Of one order: descriptor, index of its memory, start in that, length, position in the file, codec. */
export const ORDER_FIELDS = 6;
/** Codecs by number. */
export const CODES: readonly CodesOf[] = [null, 'PCMU', 'PCMA'];

/** To the writing thread, which answers in the same order. */
export type ToWriter = WriteOrders | FindOrder | NewFile;

export interface WriteOrders {
  /** Each once. */
  memories: SharedArrayBuffer[];
  orders: Float64Array<ArrayBuffer>;
}

/** Whether one of them exists. */
export interface FindOrder {
  paths: readonly string[];
}

/** Of each order, in their order: 0 where all is written, else the system's error number, which is below 0. */
export type WriteResults = Float64Array<ArrayBuffer>;

/** Of `WriteOrders`, `FindOrder` and `NewFile`, this likewise an error number. */
export type FromWriter = WriteResults | boolean | number;

type Order = Parameters<WriteBlock>;

/** What the thread was told to do. */
interface Task {
  done(answer: FromWriter): void;
  /** The thread has ended, and nobody knows how far it was with this. */
  undone(): void;
}

/** The sources run as they are, the published package is compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './block-writer-thread.ts' : './block-writer-thread.js',
  import.meta.url,
);
/** It makes next to nothing. */
const MEMORY = { maxYoungGenerationSizeMb: 4 };

/**
 * Writes blocks in a thread of its own, which decodes them on the way. One message there and one back
 * carry all that is flushed in a turn; with node's own threads each write costs two locks, a thread to be
 * woken and a callback.
 */
export class BlockWriter implements DiskAccess {
  #thread: Worker | null = null;
  /** Told to the thread at the end of this turn. */
  #gathered: Order[] = [];
  /** Under way, the oldest first. */
  #tasks: Task[] = [];
  #isClosed = false;

  readonly write: WriteBlock = (...order) => {
    const [, bytes] = order;
    if (!(bytes.buffer instanceof SharedArrayBuffer) || this.#isClosed)
      return writeByNode(...order);
    if (this.#gathered.length === 0) setImmediate(() => this.#post());
    this.#gathered.push(order);
  };

  anyExists(paths: readonly string[]): Promise<boolean> {
    if (this.#isClosed) return BY_NODE.anyExists(paths);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const done = (exists: FromWriter) => resolve(exists as boolean);
    this.#tell({ paths }, { done, undone: () => resolve(BY_NODE.anyExists(paths)) });
    return promise;
  }

  create(file: NewFile): Promise<void> {
    if (this.#isClosed) return BY_NODE.create(file);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = (errno: FromWriter) =>
      errno === 0 ? resolve() : reject(errorOf(errno as number, 'open', file.path));
    this.#tell(file, { done, undone: () => resolve(BY_NODE.create(file)) });
    return promise;
  }

  /** Starts the thread, which otherwise begins with what it is needed for first, and takes a while. */
  start(): void {
    this.#thread ??= this.#begin();
  }

  /** Ends the thread. What it has not written, and what is still to come, is written by node. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.terminate();
  }

  #post(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    if (this.#isClosed) {
      for (const order of gathered) writeByNode(...order);
      return;
    }
    const memories = new Map<ArrayBufferLike, number>();
    const orders = new Float64Array(gathered.length * ORDER_FIELDS);
    let at = 0;
    for (const [fd, bytes, start, length, position, codesOf] of gathered) {
      let memory = memories.get(bytes.buffer);
      if (memory === undefined) {
        memory = memories.size;
        memories.set(bytes.buffer, memory);
      }
      orders[at] = fd;
      orders[at + 1] = memory;
      orders[at + 2] = bytes.byteOffset + start;
      orders[at + 3] = length;
      orders[at + 4] = position;
      orders[at + 5] = CODES.indexOf(codesOf);
      at += ORDER_FIELDS;
    }
    const message = { memories: [...memories.keys()] as SharedArrayBuffer[], orders };
    const done = (results: FromWriter) => written(gathered, results as WriteResults);
    // The same bytes at the same place do no harm.
    const undone = () => gathered.forEach((order) => void writeByNode(...order));
    this.#tell(message, { done, undone }, [orders.buffer]);
  }

  #tell(message: ToWriter, task: Task, transferred: ArrayBuffer[] = []): void {
    this.start();
    this.#tasks.push(task);
    this.#thread?.postMessage(message, transferred);
  }

  #begin(): Worker {
    const thread = new Worker(ENTRY, { name: 'rst-writer', resourceLimits: MEMORY });
    thread.on('message', (answer: FromWriter) => this.#tasks.shift()?.done(answer));
    // Why it ended changes nothing: its work is done by others.
    thread.on('error', () => {});
    thread.on('exit', () => this.#ended());
    return thread;
  }

  #ended(): void {
    this.#thread = null;
    for (const task of this.#tasks.splice(0)) task.undone();
  }
}

function written(orders: readonly Order[], results: WriteResults): void {
  orders.forEach(([, , , length, , , done], i) => {
    const errno = results[i] as number;
    if (errno === 0) done(null, length);
    else done(errorOf(errno, 'write'), 0);
  });
}

function errorOf(errno: number, syscall: string, path = ''): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: ${syscall} ${path}`.trim()), { errno, code, syscall });
}
