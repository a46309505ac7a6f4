/** How often the event loop is asked whether it still turns. */
const BEAT_MS = 5;
/** A beat may be this late without meaning anything. */
const SLACK_NS = 2e6;

/**
 * Tells how far an event loop is behind. A datagram that is read late, because the thread was busy or
 * had no processor, seems to have arrived late; the time since the last beat bounds by how much.
 */
export class Heartbeat {
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #lastNs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  start(): void {
    this.#lastNs = this.#now();
    this.#timer = setInterval(() => {
      this.#lastNs = this.#now();
    }, BEAT_MS);
  }

  /** How much earlier than `nowNs` something that is read now may have arrived, in ns; 0 where the loop is on time. */
  lagNs(nowNs: number): number {
    return Math.max(0, nowNs - this.#lastNs - BEAT_MS * 1e6 - SLACK_NS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
