import { availableParallelism } from 'node:os';
import type { PortPair } from '../protocol/index.ts';
import type { DiskReport } from '../recording/index.ts';
import type { CallStats } from './call-stats.ts';
import type { ReceiverName } from './choose-receiver.ts';
import type { DropReason, MediaSummary } from './media-summary.ts';
import type { BoundPair, FromWorker, OpenCall, ResumedMedia, WorkerSetup } from './messages.ts';
import { PairStock, type ReservedPair } from './pair-stock.ts';
import type { RecalledPair, WatchedPair } from './watched-pairs.ts';
import { fewestCalls, WorkerThread } from './worker-thread.ts';

/** A worker that can't start is not tried more often than this. */
const SUCCESSOR_MS = 1000;

export interface WorkerPoolOptions {
  /** `maxBufferBytes` is that of all workers. */
  setup: Omit<WorkerSetup, 'descriptors'>;
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
  /** A worker can't write to a folder any more, or again; one that has died says the latter, too. */
  disk(report: DiskReport): void;
}

/** Which worker has a call. */
interface Owner {
  thread: WorkerThread;
  call: OpenCall;
  pair: BoundPair | null;
}

/** Whoever waits until a worker has read the ports of a call. */
interface Look {
  thread: WorkerThread;
  callId: number;
  then: () => void;
}

/** The capture workers, and which call is whose. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #events: CaptureEvents;
  readonly #threads: WorkerThread[] = [];
  readonly #pairs: PairStock;
  readonly #owners = new Map<number, Owner>();
  readonly #looks = new Set<Look>();
  /** Timers of workers to come. */
  readonly #successors = new Set<NodeJS.Timeout>();
  #receiver: ReceiverName = 'dgram';
  #stopping: Promise<void> | null = null;

  constructor(options: WorkerPoolOptions, events: CaptureEvents) {
    this.#options = options;
    this.#events = events;
    this.#pairs = new PairStock(this.#threads, options.ports, options.setup.portRestMs);
  }

  get size(): number {
    return this.#threads.length;
  }

  /** How many there should be. */
  get wantedSize(): number {
    const { workers } = this.#options;
    return workers === 'auto' ? Math.max(1, availableParallelism() - 1) : workers;
  }

  /** How many further calls can have ports of their own, now. */
  get freePairs(): number {
    return this.#pairs.free;
  }

  /** For each worker: resolves once it answers, or is gone; of one that hangs never. */
  answers(): Promise<void>[] {
    return this.#threads.map((thread) => thread.answers());
  }

  start(receiver: ReceiverName = 'dgram'): void {
    this.#open(receiver);
    this.#pairs.restock();
  }

  /**
   * Before `start`: binds what calls may go on at that a server before has recorded, and watches it as
   * behind an `end` with `mayResume`. Resolves once that is bound, or has turned out not to be free.
   */
  async recall(receiver: ReceiverName, pairs: readonly RecalledPair[]): Promise<void> {
    this.#open(receiver);
    this.#pairs.recall(pairs);
    await this.#pairs.ready();
  }

  #open(receiver: ReceiverName): void {
    if (this.#threads.length > 0) return;
    this.#receiver = receiver;
    for (let i = this.wantedSize; i > 0; i--) this.#spawn();
  }

  /** Resolves once every pair that was asked for is bound, or has turned out not to be free. */
  ready(): Promise<void> {
    return this.#pairs.ready();
  }

  /**
   * Reserves a bound pair. `answer` is called at once where one is ready or no port is free (then
   * with null); where pairs are just being bound it is called with the next one.
   */
  reservePair(answer: (pair: ReservedPair | null) => void): void {
    this.#pairs.reserve(answer);
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
    if (mayResume && pair) this.#pairs.watch(watchedOf(owner, pair));
  }

  /**
   * Calls `then` once what has come to the ports of an ended call is read: if its media goes on there,
   * `resumed` was called before.
   */
  look(callId: number, then: () => void): void {
    const thread = this.#owners.get(callId)?.thread ?? this.#pairs.watcherOf(callId);
    if (!thread) return then();
    this.#looks.add({ thread, callId, then });
    thread.post({ kind: 'look', callId });
  }

  /** An ended call does not go on: its ports rest as others do, and serve again. */
  unwatch(callId: number): void {
    this.#pairs.unwatch(callId);
  }

  /** So long from now on, and no call that has ended waits for a disk that fails any more. */
  hurry(patienceMs: number): void {
    for (const thread of this.#threads) thread.post({ kind: 'hurry', patienceMs });
  }

  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      for (const timer of this.#successors) clearTimeout(timer);
      this.#pairs.close();
      await Promise.all(this.#threads.map((thread) => thread.stop()));
    })();
    return this.#stopping;
  }

  #spawn(): void {
    const { setup } = this.#options;
    const maxBufferBytes = setup.maxBufferBytes / this.wantedSize;
    const thread: WorkerThread = new WorkerThread({ ...setup, maxBufferBytes }, this.#receiver, {
      message: (message) => this.#handle(thread, message),
      failed: (error) => this.#replace(thread, error),
    });
    this.#threads.push(thread);
  }

  #handle(thread: WorkerThread, message: Exclude<FromWorker, { kind: 'stats' }>): void {
    switch (message.kind) {
      case 'bound':
        thread.hasBound = true;
        this.#pairs.bound(thread, message.pair);
        break;
      case 'bind-failed': {
        const uuid = this.#pairs.bindFailed(thread, message.pair);
        this.#events.bindFailed(message.port, message.code, uuid);
        break;
      }
      case 'released':
        this.#pairs.released(thread, message.pair);
        if (message.strays > 0) this.#events.strays(message.pair, message.strays);
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
        if (this.#pairs.resumed(message.resumed.callId))
          this.#events.resumed(message.resumed, { ...message.pair, thread });
        break;
      case 'looked':
        this.#looked(thread, message.callId);
        break;
      case 'dropped':
        for (const [reason, count] of Object.entries(message.counts))
          this.#events.dropped(reason as DropReason, count);
        break;
      case 'disk':
        if (message.report.state === 'failing') thread.failingDirs.add(message.report.dir);
        else thread.failingDirs.delete(message.report.dir);
        this.#events.disk(message.report);
        break;
      case 'finished':
        thread.calls--;
        this.#owners.delete(message.callId);
        this.#events.finished(message.callId, message.summary);
        break;
    }
  }

  /** Without a number all that wait for this worker. */
  #looked(thread: WorkerThread, callId: number | null): void {
    for (const look of this.#looks) {
      if (look.thread !== thread || (callId !== null && look.callId !== callId)) continue;
      this.#looks.delete(look);
      look.then();
    }
  }

  /** A worker that died takes its calls along; a fresh one takes the calls to come, and the ports where these may go on. */
  #replace(thread: WorkerThread, error: Error): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    const lost = [...this.#owners.values()].filter((owner) => owner.thread === thread);
    const live = lost.flatMap((owner) => (owner.pair ? [watchedOf(owner, owner.pair)] : []));
    const watched = this.#pairs.takeFrom(thread, live);
    this.#events.workerDied(error);
    for (const dir of thread.failingDirs) this.#events.disk({ state: 'well', dir, lostBytes: 0 });
    if (thread.hasBound) this.#succeed();
    else this.#succeedLater();
    this.#pairs.watchAgain(watched);
    for (const { callId } of lost.map(({ call }) => call)) {
      this.#owners.delete(callId);
      this.#events.lost(callId, error);
    }
    this.#looked(thread, null);
  }

  #succeed(): void {
    if (this.#stopping !== null) return;
    this.#spawn();
    this.#pairs.restock();
  }

  /** After one that never worked: the next may fare no better, and shall not take the processor as well. */
  #succeedLater(): void {
    const timer = setTimeout(() => {
      this.#successors.delete(timer);
      this.#succeed();
    }, SUCCESSOR_MS);
    this.#successors.add(timer);
  }
}

function watchedOf({ thread, call }: Owner, pair: BoundPair): WatchedPair {
  const { callId, uuid, address, announced } = call;
  const sinceMs = performance.now();
  return { thread, call: { callId, uuid, address, announced }, pair, sinceMs };
}
