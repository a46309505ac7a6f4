import type { Call } from './call.ts';

/** However many calls end, no more than this are remembered; the oldest are forgotten first. */
const MOST = 20_000;

export interface TombstoneOptions {
  /** Asked when it is time: a call that may not be forgotten is remembered as long again. */
  mayForget?(call: Call): boolean;
  /** Hears of each call that is remembered no more, for whatever reason. */
  onForgotten?(call: Call): void;
}

/** Calls that have ended, by UUID, for some time. */
export class Tombstones {
  readonly #rememberNs: number;
  readonly #options: TombstoneOptions;
  readonly #ended = new Map<string, { call: Call; sinceNs: number }>();

  constructor(rememberNs: number, options: TombstoneOptions = {}) {
    this.#rememberNs = rememberNs;
    this.#options = options;
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
    if (call) this.#options.onForgotten?.(call);
  }

  /** Forgets what is old enough; insertion order is age. */
  sweep(nowNs: number): void {
    for (const [uuid, entry] of this.#ended) {
      if (nowNs - entry.sinceNs < this.#rememberNs) return;
      if (this.#options.mayForget?.(entry.call) ?? true) this.delete(uuid);
      else {
        this.#ended.delete(uuid);
        this.#ended.set(uuid, { ...entry, sinceNs: nowNs });
      }
    }
  }
}
