export interface BackoffOptions {
  /** Asked for each time. */
  limits(): { minMs: number; maxMs: number };
  /** From 0 up to 1, as `Math.random`. */
  random(): number;
}

/** How long to wait before the next try: up to twice as long each time, and never as long as others wait. */
export class Backoff {
  readonly #options: BackoffOptions;
  #tries = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** At least `minMs`, at most `maxMs`. */
  nextMs(): number {
    const { limits, random } = this.#options;
    const { minMs, maxMs } = limits();
    const ceilingMs = Math.min(maxMs, minMs * 2 ** this.#tries);
    // Once it is reached no further try makes it longer.
    if (ceilingMs < maxMs) this.#tries++;
    return Math.max(Math.min(minMs, maxMs), ceilingMs * (0.5 + random() / 2));
  }

  /** It worked. */
  reset(): void {
    this.#tries = 0;
  }
}
