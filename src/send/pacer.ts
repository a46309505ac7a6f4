/** Something that has to act at a time of its own. */
export interface Paced {
  /** When, on the pacer's clock; `Infinity` for not before somebody says so. Read after every `advance`. */
  readonly dueMs: number;
  /** Does all that is due at `nowMs`. Must not throw. */
  advance(nowMs: number): void;
}

/**
 * One timer for everything that is paced in the process: it sleeps until the earliest due time and then
 * runs all that is due. Due times are absolute, so a late wake-up delays what it is late for and nothing
 * behind it. Times are milliseconds of `performance.now()`.
 */
export class Pacer {
  readonly #paced = new Set<Paced>();
  #timer: NodeJS.Timeout | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;
  #worstLateMs = 0;
  #state: 'open' | 'closed' = 'open';

  /** How late something due was run, at the worst. */
  get worstLateMs(): number {
    return this.#worstLateMs;
  }

  nowMs(): number {
    return performance.now();
  }

  add(paced: Paced): void {
    if (this.#state === 'closed') return;
    this.#paced.add(paced);
    this.wake(paced.dueMs);
  }

  remove(paced: Paced): void {
    this.#paced.delete(paced);
  }

  /** To be called where a due time has come closer between two turns. */
  wake(dueMs: number): void {
    if (this.#state === 'closed' || dueMs >= this.#wakeMs) return;
    clearTimeout(this.#timer);
    this.#wakeMs = dueMs;
    // A timer of node takes whole milliseconds, 1 to 2^31 - 1; one that fires early is set again.
    const waitMs = Math.min(Math.max(1, Math.ceil(dueMs - performance.now())), 0x7fffffff);
    this.#timer = setTimeout(() => this.#turn(), waitMs);
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#paced.clear();
  }

  #turn(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const paced of this.#paced) {
      if (paced.dueMs <= nowMs) {
        this.#worstLateMs = Math.max(this.#worstLateMs, nowMs - paced.dueMs);
        paced.advance(nowMs);
      }
      if (paced.dueMs < earliestMs && this.#paced.has(paced)) earliestMs = paced.dueMs;
    }
    this.wake(earliestMs);
  }
}
