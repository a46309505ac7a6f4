import type { PortPair } from '../protocol/index.ts';
import type { BoundPair, WatchedCall } from './messages.ts';
import type { WorkerThread } from './worker-thread.ts';

/** Ports of an ended call, and the worker that watches whether its media goes on there. */
export interface WatchedPair {
  thread: WorkerThread;
  call: WatchedCall;
  pair: BoundPair;
  /** Since when, in ms of `performance.now()`. */
  sinceMs: number;
}

/** Ports that a server before has given to a call which may go on. */
export interface RecalledPair {
  call: WatchedCall;
  ports: PortPair;
}

/** The ports that are kept for the calls that had them, longest rest first. */
export class WatchedPairs {
  readonly #byCall = new Map<number, WatchedPair>();

  get oldest(): WatchedPair | undefined {
    for (const watched of this.#byCall.values()) return watched;
    return undefined;
  }

  add(watched: WatchedPair): void {
    this.#byCall.set(watched.call.callId, watched);
  }

  get(callId: number): WatchedPair | undefined {
    return this.#byCall.get(callId);
  }

  /** What a call had, which it has no more; undefined where nothing is kept for it. */
  take(callId: number): WatchedPair | undefined {
    const watched = this.#byCall.get(callId);
    this.#byCall.delete(callId);
    return watched;
  }

  takePair({ pairId }: BoundPair): WatchedPair | undefined {
    return this.#take(({ pair }) => pair.pairId === pairId)[0];
  }

  /** All that a worker watches. */
  takeOf(thread: WorkerThread): WatchedPair[] {
    return this.#take((watched) => watched.thread === thread);
  }

  #take(isMeant: (watched: WatchedPair) => boolean): WatchedPair[] {
    const taken = [...this.#byCall.values()].filter(isMeant);
    for (const { call } of taken) this.#byCall.delete(call.callId);
    return taken;
  }
}
