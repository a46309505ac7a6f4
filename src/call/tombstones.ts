import type { Call } from './call.ts';

/** However many calls end, no more than this are remembered; the oldest are forgotten first. */
const MOST = 20_000;

/** Calls that have ended, by UUID, for some time. */
export class Tombstones {
  readonly #rememberNs: number;
  readonly #onForgotten: (call: Call) => void;
  readonly #ended = new Map<string, { call: Call; sinceNs: number }>();

  /** `onForgotten` hears of each call that is remembered no more, for whatever reason. */
  constructor(rememberNs: number, onForgotten: (call: Call) => void = () => {}) {
    this.#rememberNs = rememberNs;
    this.#onForgotten = onForgotten;
  }

  /** Remembers the call from now on, in place of an earlier one of its UUID. */
  add(call: Call, nowNs: number): void {
    this.delete(call.uuid);
    this.#ended.set(call.uuid, { call, sinceNs: nowNs });
    if (this.#ended.size <= MOST) return;
    for (const oldest of this.#ended.keys()) return this.delete(oldest);
  }

  get(uuid: string): Call | undefined {
    return this.#ended.get(uuid)?.call;
  }

  delete(uuid: string): void {
    const call = this.get(uuid);
    this.#ended.delete(uuid);
    if (call) this.#onForgotten(call);
  }

  /** Forgets what is old enough; insertion order is age. */
  sweep(nowNs: number): void {
    for (const [uuid, { sinceNs }] of this.#ended) {
      if (nowNs - sinceNs < this.#rememberNs) return;
      this.delete(uuid);
    }
  }
}
