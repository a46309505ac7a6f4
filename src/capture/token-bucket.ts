/**
 * Lets so many through in a second, and twice as many at once after a pause. Time is told, not asked for; where
 * it steps back a little, as between packets of two sockets, nothing is added.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #filledNs = 0;

  /** `perSecond` 0: everything goes through. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = 2 * perSecond;
  }

  /** True where the next one would not go through. */
  isSpent(nowNs: number): boolean {
    const perSecond = this.#perSecond;
    if (perSecond === 0) return false;
    if (nowNs > this.#filledNs) {
      const more = ((nowNs - this.#filledNs) / 1e9) * perSecond;
      this.#tokens = Math.min(2 * perSecond, this.#tokens + more);
      this.#filledNs = nowNs;
    }
    return this.#tokens < 1;
  }

  /** Whether one goes through. */
  take(nowNs: number): boolean {
    if (this.isSpent(nowNs)) return false;
    this.#tokens--;
    return true;
  }
}
