import { availableParallelism } from 'node:os';
import type { PortPair } from '../protocol/index.ts';
import type { CallStats } from './call-stats.ts';
import type { DropReason, MediaSummary } from './media-summary.ts';
import type { BoundPair, FromWorker, OpenCall, ResumedMedia, WorkerSetup } from './messages.ts';
import { PortPool } from './port-pool.ts';
import { type WatchedPair, WatchedPairs } from './watched-pairs.ts';
import { WorkerThread } from './worker-thread.ts';

/** A port that can't be bound, or a worker that can't start, is not tried more often than this. */
const LEAST_ASIDE_MS = 1000;

/** Bound pairs each worker holds ready, so that an ACK waits for no worker. */
const STOCK_PAIRS = 64;

/** Ports are watched for ended calls as long as so many pairs, or that part of all, are left for others. */
const SPARE_PAIRS = 64;
const SPARE_PART = 1 / 8;
/** However few are left, media that goes on has this long to show. */
const LEAST_WATCH_MS = 2000;

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
  /**
   * The call's worker is gone, and its audio since the last write with it. Its ports are bound again and
   * watched as behind an `end` with `mayResume`, until `unwatch`.
   */
  lost(callId: number, error: Error): void;
  /** A port can't be bound; `uuid` is of the call that should have gone on there, if any. */
  bindFailed(port: number, code: string, uuid: string | null): void;
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

/** Which worker has a call. */
interface Owner {
  thread: WorkerThread;
  call: OpenCall;
  pair: BoundPair | null;
}

type PairWaiter = (pair: ReservedPair | null) => void;

/** The capture workers, the ports they hold ready, and which call is whose. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #events: CaptureEvents;
  readonly #ports: PortPool;
  readonly #threads: WorkerThread[] = [];
  readonly #owners = new Map<number, Owner>();
  readonly #watched = new WatchedPairs();
  /** Pairs that are watched no more and not released yet. */
  readonly #returning = new Set<number>();
  readonly #sparePairs: number;
  #whenRested: NodeJS.Timeout | null = null;
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
    const part = Math.ceil(this.#ports.freePairs * SPARE_PART);
    this.#sparePairs = Math.min(SPARE_PAIRS, part);
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
    this.#owners.set(call.callId, { thread, call, pair });
    thread.post({ kind: 'open', call });
  }

  /** Passes on a datagram that came to the control port for this call. */
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void {
    this.#owners.get(callId)?.thread.deliver(callId, arrivalNs, lagNs, datagram);
  }

  /** Whether the call's own ports bring the tap that is recorded; they do until told otherwise. */
  setLegs(callId: number, isOpen: boolean): void {
    this.#owners.get(callId)?.thread.post({ kind: 'legs', callId, isOpen });
  }

  /** What the call's files say inside, in place of what it was opened with. */
  setTags(callId: number, tags: OpenCall['tags']): void {
    this.#owners.get(callId)?.thread.post({ kind: 'tags', callId, tags });
  }

  /** What the workers know of their calls now; of one that does not tell within 1 s nothing. */
  async stats(): Promise<CallStats[]> {
    if (this.#stopping !== null) return [];
    return (await Promise.all(this.#threads.map((thread) => thread.stats()))).flat();
  }

  /**
   * Ends a call's audio; `finished` follows. Times as in the worker's message. With `mayResume` its ports
   * are watched for more until `unwatch`, or until they are needed for further calls.
   */
  end(callId: number, endNs: number | null, drainMs: number, mayResume: boolean): void {
    const owner = this.#owners.get(callId);
    if (!owner) return;
    const { thread, pair } = owner;
    thread.post({ kind: 'end', callId, endNs, drainMs, mayResume });
    if (!mayResume || !pair) return;
    this.#watched.add(watchedOf(owner, pair));
    this.#restock();
  }

  /** An ended call does not go on: its ports rest as others do, and serve again. */
  unwatch(callId: number): void {
    const watched = this.#watched.take(callId);
    if (!watched) return;
    this.#returning.add(watched.pair.pairId);
    watched.thread.post({ kind: 'unwatch', callId });
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

  #handle(thread: WorkerThread, message: Exclude<FromWorker, { kind: 'stats' }>): void {
    switch (message.kind) {
      case 'bound':
        thread.hasBound = true;
        // Others are watched, and for no further call.
        if (thread.binding.delete(message.pair.pairId)) thread.idlePairs.push(message.pair);
        this.#whenBound?.();
        this.#serveWaiters();
        break;
      case 'bind-failed':
        thread.binding.delete(message.pair.pairId);
        this.#setAside(thread, message.pair);
        this.#bindFailed(message.pair, message.port, message.code);
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
        // Its ports may just have been taken back.
        if (this.#watched.take(message.resumed.callId))
          this.#events.resumed(message.resumed, { ...message.pair, thread });
        break;
      case 'dropped':
        for (const [reason, count] of Object.entries(message.counts))
          this.#events.dropped(reason as DropReason, count);
        break;
      case 'finished':
        thread.calls--;
        this.#owners.delete(message.callId);
        this.#events.finished(message.callId, message.summary);
        break;
    }
  }

  /** A worker that died takes its calls along; a fresh one takes the calls to come. */
  #replace(thread: WorkerThread, error: Error): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    const lost = [...this.#owners.values()].filter((owner) => owner.thread === thread);
    const watched = this.#takeWatched(thread, lost);
    for (const pair of thread.pairs.values()) this.#giveBack(thread, pair);
    this.#events.workerDied(error);
    if (thread.hasBound) this.#succeed();
    else this.#succeedLater();
    this.#watchAgain(watched);
    this.#whenBound?.();
    this.#serveWaiters();
    for (const { callId } of lost.map(({ call }) => call)) {
      this.#owners.delete(callId);
      this.#events.lost(callId, error);
    }
  }

  /** Takes from a worker that died the ports where calls may go on: those that were watched, and those of its calls. */
  #takeWatched(thread: WorkerThread, lost: Owner[]): WatchedPair[] {
    const watched = this.#watched.takeOf(thread);
    const known = new Set(watched.map(({ call }) => call.callId));
    for (const owner of lost)
      if (owner.pair && !known.has(owner.call.callId)) watched.push(watchedOf(owner, owner.pair));
    for (const { pair } of watched) thread.pairs.delete(pair.pairId);
    return watched;
  }

  /** Has the worker that came last bind and watch the ports of one that died. */
  #watchAgain(watched: WatchedPair[]): void {
    const thread = this.#threads.at(-1);
    for (const one of watched) {
      const { readPort, writePort } = one.pair;
      const pair = { pairId: ++this.#lastPairId, readPort, writePort };
      if (!thread || this.#stopping !== null) {
        this.#ports.giveBack(readPort, writePort);
        continue;
      }
      this.#watched.add({ ...one, thread, pair });
      thread.bind(pair, one.call);
    }
    this.#restock();
  }

  #bindFailed(pair: BoundPair, port: number, code: string): void {
    const watched = this.#watched.takePair(pair);
    this.#events.bindFailed(port, code, watched?.call.uuid ?? null);
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
    this.#returning.delete(pair.pairId);
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
    this.#returning.delete(pair.pairId);
    this.#ports.giveBack(pair.readPort, pair.writePort);
  }

  #isBinding(): boolean {
    return this.#threads.some((thread) => thread.binding.size > 0);
  }

  /** Where few pairs are left for further calls, those that ended calls have had for longest are taken. */
  #takeBackWatched(): void {
    const leastMs = Math.max(this.#options.setup.portRestMs, LEAST_WATCH_MS);
    if (this.#stopping !== null) return;
    for (let next = this.#watched.oldest; next && this.#isScarce(); next = this.#watched.oldest) {
      const leftMs = next.sinceMs + leastMs - performance.now();
      if (leftMs > 0) return this.#restockIn(leftMs);
      this.unwatch(next.call.callId);
    }
  }

  #isScarce(): boolean {
    const stock = this.#threads.reduce((sum, thread) => sum + thread.stock, 0);
    return stock + this.#returning.size + this.#ports.freePairs < this.#sparePairs;
  }

  #restockIn(ms: number): void {
    if (this.#whenRested !== null) return;
    const timer = setTimeout(() => {
      this.#asides.delete(timer);
      this.#whenRested = null;
      this.#restock();
    }, ms);
    this.#whenRested = timer;
    this.#asides.add(timer);
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
    this.#takeBackWatched();
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

function watchedOf({ thread, call }: Owner, pair: BoundPair): WatchedPair {
  const { callId, uuid, address, announced } = call;
  const sinceMs = performance.now();
  return { thread, call: { callId, uuid, address, announced }, pair, sinceMs };
}

function fewestCalls(threads: WorkerThread[]): WorkerThread | undefined {
  let best: WorkerThread | undefined;
  for (const thread of threads) if (!best || thread.calls < best.calls) best = thread;
  return best;
}
