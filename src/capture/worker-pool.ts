import { availableParallelism } from 'node:os';
import type { PortPair } from '../protocol/index.ts';
import type { DropReason, MediaSummary } from './media-summary.ts';
import type { BoundPair, FromWorker, OpenCall, ResumedMedia, WorkerSetup } from './messages.ts';
import { PortPool } from './port-pool.ts';
import { WorkerThread } from './worker-thread.ts';

/** A port that can't be bound, or a worker that can't start, is not tried more often than this. */
const LEAST_ASIDE_MS = 1000;

/** Bound pairs each worker holds ready, so that an ACK waits for no worker. */
const STOCK_PAIRS = 64;

export interface WorkerPoolOptions {
  setup: WorkerSetup;
  ports: { first: number; last: number };
  /** `media.workers`; auto is one less than there are cores, at least one. */
  workers: 'auto' | number;
}

/** What the workers report. */
export interface CaptureEvents {
  /** A call has had packets, the last one then. */
  activity(callId: number, lastArrivalNs: number): void;
  finished(callId: number, summary: MediaSummary): void;
  /** A capture worker has ended by itself; another takes its place. */
  workerDied(error: Error): void;
  /** The call's worker is gone, and its audio since the last write with it. */
  lost(callId: number, error: Error): void;
  bindFailed(port: number, code: string): void;
  /** Datagrams that came to a pair of ports outside a call. */
  strays(ports: PortPair, count: number): void;
  /** DATA of a tap that is not recorded any more still comes to the ports of its call, last at that time. */
  duplicates(callId: number, lastArrivalNs: number): void;
  /** DATA of an ended call goes on at its ports. It waits there for `open` with `pair`, or rests on. */
  resumed(media: ResumedMedia, pair: ReservedPair): void;
  /** The workers have dropped so many more. */
  dropped(reason: DropReason, count: number): void;
}

/** A pair promised to a call, and the worker that holds it. */
export interface ReservedPair extends PortPair {
  pairId: number;
  thread: WorkerThread;
}

type PairWaiter = (pair: ReservedPair | null) => void;

/** The capture workers, the ports they hold ready, and which call is whose. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #events: CaptureEvents;
  readonly #ports: PortPool;
  readonly #threads: WorkerThread[] = [];
  readonly #threadOf = new Map<number, WorkerThread>();
  readonly #waiters: PairWaiter[] = [];
  /** Timers of what is tried again. */
  readonly #asides = new Set<NodeJS.Timeout>();
  #lastPairId = 0;
  #whenBound: (() => void) | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: WorkerPoolOptions, events: CaptureEvents) {
    this.#options = options;
    this.#events = events;
    this.#ports = new PortPool(options.ports.first, options.ports.last);
  }

  get size(): number {
    return this.#threads.length;
  }

  start(): void {
    const { workers } = this.#options;
    const count = workers === 'auto' ? Math.max(1, availableParallelism() - 1) : workers;
    for (let i = 0; i < count; i++) this.#spawn();
    this.#restock();
  }

  /** Resolves once every pair that was asked for is bound, or has turned out not to be free. */
  async ready(): Promise<void> {
    while (this.#isBinding() && !this.#stopping)
      await new Promise<void>((resolve) => {
        this.#whenBound = resolve;
      });
  }

  /**
   * Reserves a bound pair. `answer` is called at once where one is ready or no port is free (then
   * with null); where pairs are just being bound it is called with the next one.
   */
  reservePair(answer: PairWaiter): void {
    const pair = this.#takePair();
    this.#restock();
    if (pair || !this.#isBinding()) answer(pair);
    else this.#waiters.push(answer);
  }

  /** Hands a call to the worker that holds its pair, or to the one with the fewest calls. */
  open(call: OpenCall, pair: ReservedPair | null): void {
    const thread = pair?.thread ?? fewestCalls(this.#threads);
    if (!thread) {
      setImmediate(() => this.#events.lost(call.callId, new Error('no capture worker runs')));
      return;
    }
    thread.calls++;
    this.#threadOf.set(call.callId, thread);
    thread.post({ kind: 'open', call });
  }

  /** Passes on a datagram that came to the control port for this call. */
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void {
    this.#threadOf.get(callId)?.deliver(callId, arrivalNs, lagNs, datagram);
  }

  /** Whether the call's own ports bring the tap that is recorded; they do until told otherwise. */
  setLegs(callId: number, isOpen: boolean): void {
    this.#threadOf.get(callId)?.post({ kind: 'legs', callId, isOpen });
  }

  /** Ends a call's audio; `finished` follows. Times as in the worker's message; with `mayResume` its ports are watched for more. */
  end(callId: number, endNs: number | null, drainMs: number, mayResume: boolean): void {
    this.#threadOf.get(callId)?.post({ kind: 'end', callId, endNs, drainMs, mayResume });
  }

  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      for (const timer of this.#asides) clearTimeout(timer);
      for (const waiter of this.#waiters.splice(0)) waiter(null);
      this.#whenBound?.();
      await Promise.all(this.#threads.map((thread) => thread.stop()));
    })();
    return this.#stopping;
  }

  #spawn(): void {
    const thread: WorkerThread = new WorkerThread(this.#options.setup, {
      message: (message) => this.#handle(thread, message),
      failed: (error) => this.#replace(thread, error),
    });
    this.#threads.push(thread);
  }

  #handle(thread: WorkerThread, message: FromWorker): void {
    switch (message.kind) {
      case 'bound':
        thread.hasBound = true;
        thread.binding.delete(message.pair.pairId);
        thread.idlePairs.push(message.pair);
        this.#whenBound?.();
        this.#serveWaiters();
        break;
      case 'bind-failed':
        thread.binding.delete(message.pair.pairId);
        this.#setAside(thread, message.pair);
        this.#events.bindFailed(message.port, message.code);
        this.#restock();
        this.#whenBound?.();
        this.#serveWaiters();
        break;
      case 'released':
        this.#giveBack(thread, message.pair);
        if (message.strays > 0) this.#events.strays(message.pair, message.strays);
        this.#restock();
        break;
      case 'activity':
        message.callIds.forEach((callId, i) => {
          this.#events.activity(callId, message.lastArrivalNs[i] as number);
        });
        break;
      case 'duplicates':
        this.#events.duplicates(message.callId, message.lastArrivalNs);
        break;
      case 'resumed':
        this.#events.resumed(message.resumed, { ...message.pair, thread });
        break;
      case 'dropped':
        for (const [reason, count] of Object.entries(message.counts))
          this.#events.dropped(reason as DropReason, count);
        break;
      case 'finished':
        thread.calls--;
        this.#threadOf.delete(message.callId);
        this.#events.finished(message.callId, message.summary);
        break;
    }
  }

  /** A worker that died takes its calls along; a fresh one takes the calls to come. */
  #replace(thread: WorkerThread, error: Error): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    for (const pair of thread.pairs.values()) this.#giveBack(thread, pair);
    this.#events.workerDied(error);
    if (thread.hasBound) this.#succeed();
    else this.#succeedLater();
    this.#whenBound?.();
    this.#serveWaiters();
    for (const [callId, owner] of this.#threadOf) {
      if (owner !== thread) continue;
      this.#threadOf.delete(callId);
      this.#events.lost(callId, error);
    }
  }

  #succeed(): void {
    if (this.#stopping !== null) return;
    this.#spawn();
    this.#restock();
  }

  /** After one that never worked: the next may fare no better, and shall not take the processor as well. */
  #succeedLater(): void {
    const timer = setTimeout(() => {
      this.#asides.delete(timer);
      this.#succeed();
    }, LEAST_ASIDE_MS);
    this.#asides.add(timer);
  }

  /** A port that somebody else has is tried again after a rest; meanwhile others take its place. */
  #setAside(thread: WorkerThread, pair: BoundPair): void {
    thread.pairs.delete(pair.pairId);
    const timer = setTimeout(
      () => {
        this.#asides.delete(timer);
        this.#ports.giveBack(pair.readPort, pair.writePort);
        this.#restock();
      },
      Math.max(this.#options.setup.portRestMs, LEAST_ASIDE_MS),
    );
    this.#asides.add(timer);
  }

  #giveBack(thread: WorkerThread, pair: BoundPair): void {
    thread.pairs.delete(pair.pairId);
    this.#ports.giveBack(pair.readPort, pair.writePort);
  }

  #isBinding(): boolean {
    return this.#threads.some((thread) => thread.binding.size > 0);
  }

  #takePair(): ReservedPair | null {
    const thread = fewestCalls(this.#threads.filter((one) => one.idlePairs.length > 0));
    const pair = thread?.idlePairs.shift();
    return thread && pair ? { ...pair, thread } : null;
  }

  #serveWaiters(): void {
    while (this.#waiters.length > 0) {
      const pair = this.#takePair();
      if (!pair && this.#isBinding()) return;
      this.#waiters.shift()?.(pair);
    }
  }

  /** Has workers bind until each has its stock or no port is free. */
  #restock(): void {
    while (!this.#stopping) {
      let poorest: WorkerThread | undefined;
      for (const thread of this.#threads)
        if (thread.stock < (poorest?.stock ?? STOCK_PAIRS)) poorest = thread;
      const ports = poorest ? this.#ports.take() : null;
      if (!poorest || !ports) return;
      poorest.bind({ pairId: ++this.#lastPairId, ...ports });
    }
  }
}

function fewestCalls(threads: WorkerThread[]): WorkerThread | undefined {
  let best: WorkerThread | undefined;
  for (const thread of threads) if (!best || thread.calls < best.calls) best = thread;
  return best;
}
