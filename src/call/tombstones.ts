import type { Call } from './call.ts';

/** However many calls end, no more than this are remembered; the oldest are forgotten first. */
const MOST = 20_000;

/** Calls that have ended, by UUID, for some time. */
export class Tombstones {
  readonly #rememberNs: number;
  readonly #ended = new Map<string, { call: Call; sinceNs: number }>();

  constructor(rememberNs: number) {
    this.#rememberNs = rememberNs;
  }

  /** Remembers the call from now on, in place of an earlier one of its UUID. */
  add(call: Call, nowNs: number): void {
    this.#ended.delete(call.uuid);
    this.#ended.set(call.uuid, { call, sinceNs: nowNs });
    if (this.#ended.size <= MOST) return;
    for (const oldest of this.#ended.keys()) return void this.#ended.delete(oldest);
  }

  get(uuid: string): Call | undefined {
    return this.#ended.get(uuid)?.call;
  }

  delete(uuid: string): void {
    this.#ended.delete(uuid);
  }

  /** Forgets what is old enough; insertion order is age. */
  sweep(nowNs: number): void {
    for (const [uuid, { sinceNs }] of this.#ended) {
      if (nowNs - sinceNs < this.#rememberNs) return;
      this.#ended.delete(uuid);
    }
  }
}
