import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CallStats } from './call-stats.ts';
import type { ReceiverName } from './choose-receiver.ts';
import { DataBatch } from './data-batch.ts';
import { loadLibc } from './libc.ts';
import type { BoundPair, FromWorker, ToWorker, WatchedCall, WorkerSetup } from './messages.ts';
import { OpenDescriptors } from './open-descriptors.ts';

/** The sources run as they are, the published package is compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

/** Little of what a worker makes lives long; node would give it three times as much to make it in. */
const MEMORY = { maxYoungGenerationSizeMb: 12 };

/** A worker that is too busy to tell by then does not count. */
const STATS_WITHIN_MS = 1000;

export interface ThreadHandlers {
  message(message: Exclude<FromWorker, { kind: 'stats' }>): void;
  /** The thread ended by itself, which it never should. */
  failed(error: Error): void;
}

/** The main thread's end of one capture worker. */
export class WorkerThread {
  /** Bound pairs that are ready for a call, longest rest first. */
  readonly idlePairs: BoundPair[] = [];
  /** Pairs it has been told to bind for a call to come, and has not answered for. */
  readonly binding = new Set<number>();
  /** All pairs whose ports it has: binding, idle, live and resting. */
  readonly pairs = new Map<number, BoundPair>();
  calls = 0;
  /** Folders that it can't write to. */
  readonly failingDirs = new Set<string>();
  /** It has worked once. */
  hasBound = false;
  readonly #worker: Worker;
  readonly #batch = new DataBatch();
  readonly #exited: Promise<unknown>;
  #asked: Promise<CallStats[]> | null = null;
  #tell: ((calls: CallStats[]) => void) | null = null;
  #answer: PromiseWithResolvers<void> | null = null;
  #isGone = false;
  #stopping = false;

  constructor(
    setup: Omit<WorkerSetup, 'descriptors'>,
    receiver: ReceiverName,
    handlers: ThreadHandlers,
  ) {
    const descriptors = receiver === 'batched' ? new OpenDescriptors() : null;
    const workerData: WorkerSetup = { ...setup, descriptors: descriptors?.shared ?? null };
    this.#worker = new Worker(ENTRY, { workerData, name: 'rst-capture', resourceLimits: MEMORY });
    let error = new Error('the capture worker ended by itself');
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'stats') {
        this.#answered();
        this.#tell?.(message.calls);
      } else handlers.message(message);
    });
    this.#worker.on('error', (cause) => {
      error = cause instanceof Error ? cause : new Error(String(cause));
    });
    this.#worker.on('exit', () => {
      this.#isGone = true;
      this.#answered();
      this.#tell?.([]);
      descriptors?.closeAll(loadLibc());
      if (!this.#stopping) handlers.failed(error);
    });
    this.#exited = once(this.#worker, 'exit').catch(() => {});
  }

  /** Pairs it holds ready or will. */
  get stock(): number {
    return this.idlePairs.length + this.binding.size;
  }

  post(message: ToWorker): void {
    this.flush();
    this.#worker.postMessage(message);
  }

  /** With `watched` the pair is for that call only, should its media go on. */
  bind(pair: BoundPair, watched: WatchedCall | null = null): void {
    if (!watched) this.binding.add(pair.pairId);
    this.pairs.set(pair.pairId, pair);
    this.post({ kind: 'bind', pair, watched });
  }

  /** Adds a datagram of the control port to what goes over at the end of this turn. */
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void {
    if (this.#batch.isEmpty) setImmediate(() => this.flush());
    this.#batch.add(callId, arrivalNs, lagNs, datagram);
  }

  /** What it knows of its calls; empty where it does not tell within 1 s. Asked twice at once it is asked once. */
  stats(): Promise<CallStats[]> {
    if (this.#asked !== null) return this.#asked;
    this.#asked = new Promise((resolve) => {
      const timer = setTimeout(() => this.#tell?.([]), STATS_WITHIN_MS);
      this.#tell = (calls) => {
        clearTimeout(timer);
        this.#asked = null;
        this.#tell = null;
        resolve(calls);
      };
    });
    this.post({ kind: 'stats' });
    return this.#asked;
  }

  /** Resolves once it answers, or is gone; one that hangs does neither. */
  answers(): Promise<void> {
    if (this.#answer !== null) return this.#answer.promise;
    if (this.#isGone) return Promise.resolve();
    this.#answer = Promise.withResolvers();
    this.post({ kind: 'stats' });
    return this.#answer.promise;
  }

  #answered(): void {
    this.#answer?.resolve();
    this.#answer = null;
  }

  flush(): void {
    if (this.#batch.isEmpty) return;
    const { bytes, entries } = this.#batch.take();
    const message: ToWorker = { kind: 'data', bytes, entries };
    this.#worker.postMessage(message, [bytes.buffer, entries.buffer]);
  }

  /** Resolves when the thread has let go of everything and is gone. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.post({ kind: 'stop' });
    }
    await this.#exited;
  }
}

/** The one to give a call to. */
export function fewestCalls(threads: readonly WorkerThread[]): WorkerThread | undefined {
  let best: WorkerThread | undefined;
  for (const thread of threads) if (!best || thread.calls < best.calls) best = thread;
  return best;
}
