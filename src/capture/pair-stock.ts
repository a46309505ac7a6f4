import type { PortPair } from '../protocol/index.ts';
import type { BoundPair } from './messages.ts';
import { PortPool } from './port-pool.ts';
import { type RecalledPair, type WatchedPair, WatchedPairs } from './watched-pairs.ts';
import { fewestCalls, type WorkerThread } from './worker-thread.ts';

/** A port that can't be bound is not tried more often than this. */
const LEAST_ASIDE_MS = 1000;

/** Bound pairs each worker holds ready, so that an ACK waits for no worker. */
export const STOCK_PAIRS = 64;

/** Ports are watched for ended calls as long as so many pairs, or that part of all, are left for others. */
const SPARE_PAIRS = 64;
const SPARE_PART = 1 / 8;
/** However few are left, media that goes on has this long to show. */
const LEAST_WATCH_MS = 2000;

/** A pair promised to a call, and the worker that holds it. */
export interface ReservedPair extends PortPair {
  pairId: number;
  thread: WorkerThread;
}

type PairWaiter = (pair: ReservedPair | null) => void;

/** The ports of all workers: those they hold ready for calls to come, and those that wait for calls that may go on. */
export class PairStock {
  readonly #threads: readonly WorkerThread[];
  readonly #portRestMs: number;
  readonly #ports: PortPool;
  readonly #watched = new WatchedPairs();
  /** Of those, what was recalled and is being bound. */
  readonly #recalling = new Set<number>();
  /** Pairs that are watched no more and not released yet. */
  readonly #returning = new Set<number>();
  readonly #sparePairs: number;
  readonly #waiters: PairWaiter[] = [];
  /** Timers of what is tried again. */
  readonly #asides = new Set<NodeJS.Timeout>();
  #whenRested: NodeJS.Timeout | null = null;
  #lastPairId = 0;
  #whenBound: (() => void) | null = null;
  #state: 'open' | 'closed' = 'open';

  /** `threads` are the workers that run now; the list changes. */
  constructor(
    threads: readonly WorkerThread[],
    ports: { first: number; last: number },
    portRestMs: number,
  ) {
    this.#threads = threads;
    this.#portRestMs = portRestMs;
    this.#ports = new PortPool(ports.first, ports.last);
    const part = Math.ceil(this.#ports.freePairs * SPARE_PART);
    this.#sparePairs = Math.min(SPARE_PAIRS, part);
  }

  /** Pairs that a call could have: bound and ready, being bound, and those whose ports nobody has. */
  get free(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.stock, this.#ports.freePairs);
  }

  /** Resolves once every pair that was asked for is bound, or has turned out not to be free. */
  async ready(): Promise<void> {
    while ((this.#isBinding() || this.#recalling.size > 0) && this.#state === 'open')
      await new Promise<void>((resolve) => {
        this.#whenBound = resolve;
      });
  }

  /**
   * Reserves a bound pair. `answer` is called at once where one is ready or no port is free (then
   * with null); where pairs are just being bound it is called with the next one.
   */
  reserve(answer: PairWaiter): void {
    const pair = this.#take();
    this.restock();
    if (pair || !this.#isBinding()) answer(pair);
    else this.#waiters.push(answer);
  }

  /** Has workers bind until each has its stock or no port is free. */
  restock(): void {
    this.#takeBackWatched();
    while (this.#state === 'open') {
      let poorest: WorkerThread | undefined;
      for (const thread of this.#threads)
        if (thread.stock < (poorest?.stock ?? STOCK_PAIRS)) poorest = thread;
      const ports = poorest ? this.#ports.take() : null;
      if (!poorest || !ports) return;
      poorest.bind({ pairId: ++this.#lastPairId, ...ports });
    }
  }

  bound(thread: WorkerThread, pair: BoundPair): void {
    this.#recalling.delete(pair.pairId);
    // Others are watched, and for no further call.
    if (thread.binding.delete(pair.pairId)) thread.idlePairs.push(pair);
    this.#answered();
  }

  /** Returns the UUID of the call that should have gone on there, null where there is none. */
  bindFailed(thread: WorkerThread, pair: BoundPair): string | null {
    thread.binding.delete(pair.pairId);
    this.#recalling.delete(pair.pairId);
    this.#setAside(thread, pair);
    const watched = this.#watched.takePair(pair);
    this.restock();
    this.#answered();
    return watched?.call.uuid ?? null;
  }

  released(thread: WorkerThread, pair: BoundPair): void {
    this.#giveBack(thread, pair);
    this.restock();
  }

  /** The pair is kept for the call that had it. */
  watch(watched: WatchedPair): void {
    this.#watched.add(watched);
    this.restock();
  }

  /** The call does not go on: its pair rests as others do, and serves again. */
  unwatch(callId: number): void {
    const watched = this.#watched.take(callId);
    if (!watched) return;
    this.#returning.add(watched.pair.pairId);
    watched.thread.post({ kind: 'unwatch', callId });
  }

  /** The worker that keeps a pair for this call. */
  watcherOf(callId: number): WorkerThread | undefined {
    return this.#watched.get(callId)?.thread;
  }

  /** Media of the call goes on there; false where the pair has just been taken back. */
  resumed(callId: number): boolean {
    return this.#watched.take(callId) !== undefined;
  }

  /**
   * Takes all pairs of a worker that died. Returns those where calls may go on, which were watched or are
   * `live`; the others are free.
   */
  takeFrom(thread: WorkerThread, live: readonly WatchedPair[]): WatchedPair[] {
    const watched = this.#watched.takeOf(thread);
    for (const { pair } of watched) this.#recalling.delete(pair.pairId);
    const known = new Set(watched.map(({ call }) => call.callId));
    watched.push(...live.filter(({ call }) => !known.has(call.callId)));
    for (const { pair } of watched) thread.pairs.delete(pair.pairId);
    for (const pair of thread.pairs.values()) this.#giveBack(thread, pair);
    return watched;
  }

  /**
   * Has the workers bind and watch the ports that a server before has given to calls which may go on.
   * Those that are not among the ports of this one are left.
   */
  recall(recalled: readonly RecalledPair[]): void {
    const sinceMs = performance.now();
    recalled.forEach(({ call, ports }, i) => {
      const thread = this.#threads[i % this.#threads.length];
      if (!thread || !this.#ports.claim(ports)) return;
      const pair = { pairId: ++this.#lastPairId, ...ports };
      this.#recalling.add(pair.pairId);
      this.#watched.add({ thread, call, pair, sinceMs });
      thread.bind(pair, call);
    });
  }

  /** Has the worker that came last bind and watch the pairs of one that died. */
  watchAgain(watched: readonly WatchedPair[]): void {
    const thread = this.#threads.at(-1);
    for (const one of watched) {
      const { readPort, writePort } = one.pair;
      const pair = { pairId: ++this.#lastPairId, readPort, writePort };
      if (!thread || this.#state === 'closed') {
        this.#ports.giveBack(readPort, writePort);
        continue;
      }
      this.#watched.add({ ...one, thread, pair });
      thread.bind(pair, one.call);
    }
    this.restock();
    this.#answered();
  }

  /** Who waits for a pair is told that there is none. */
  close(): void {
    this.#state = 'closed';
    for (const timer of this.#asides) clearTimeout(timer);
    for (const waiter of this.#waiters.splice(0)) waiter(null);
    this.#whenBound?.();
  }

  #isBinding(): boolean {
    return this.#threads.some((thread) => thread.binding.size > 0);
  }

  /** A worker has bound a pair, or will not. */
  #answered(): void {
    this.#whenBound?.();
    while (this.#waiters.length > 0) {
      const pair = this.#take();
      // More may wait than a stock holds.
      if (!pair) this.restock();
      if (!pair && this.#isBinding()) return;
      this.#waiters.shift()?.(pair);
    }
  }

  #take(): ReservedPair | null {
    const thread = fewestCalls(this.#threads.filter((one) => one.idlePairs.length > 0));
    const pair = thread?.idlePairs.shift();
    return thread && pair ? { ...pair, thread } : null;
  }

  #giveBack(thread: WorkerThread, pair: BoundPair): void {
    thread.pairs.delete(pair.pairId);
    this.#returning.delete(pair.pairId);
    this.#ports.giveBack(pair.readPort, pair.writePort);
  }

  /** A port that somebody else has is tried again after a rest; meanwhile others take its place. */
  #setAside(thread: WorkerThread, pair: BoundPair): void {
    thread.pairs.delete(pair.pairId);
    this.#returning.delete(pair.pairId);
    this.#later(Math.max(this.#portRestMs, LEAST_ASIDE_MS), () => {
      this.#ports.giveBack(pair.readPort, pair.writePort);
      this.restock();
    });
  }

  /** Where few pairs are left for further calls, those that ended calls have had for longest are taken. */
  #takeBackWatched(): void {
    const leastMs = Math.max(this.#portRestMs, LEAST_WATCH_MS);
    if (this.#state === 'closed') return;
    for (let next = this.#watched.oldest; next && this.#isScarce(); next = this.#watched.oldest) {
      const leftMs = next.sinceMs + leastMs - performance.now();
      if (leftMs > 0) return this.#restockIn(leftMs);
      this.unwatch(next.call.callId);
    }
  }

  #isScarce(): boolean {
    return this.free + this.#returning.size < this.#sparePairs;
  }

  #restockIn(ms: number): void {
    if (this.#whenRested !== null) return;
    this.#whenRested = this.#later(ms, () => {
      this.#whenRested = null;
      this.restock();
    });
  }

  #later(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#asides.delete(timer);
      then();
    }, ms);
    this.#asides.add(timer);
    return timer;
  }
}
