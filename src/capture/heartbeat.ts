/** How often the event loop is asked whether it still turns. */
const BEAT_MS = 10;
/** A beat may be this late without meaning anything. */
const SLACK_NS = 2e6;
/** With nobody asking for so long, the beat rests. */
const REST_AFTER_NS = 1e9;

/**
 * Tells how far an event loop is behind. A datagram that is read late, because the thread was busy or
 * had no processor, seems to have arrived late; the time since the last beat bounds by how much.
 */
export class Heartbeat {
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #beatNs = 0;
  #askedNs = 0;
  #state: 'open' | 'closed' = 'open';

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How much earlier than `nowNs` something that is read now may have arrived, in ns; 0 where the loop is on time. */
  lagNs(nowNs: number): number {
    this.#askedNs = nowNs;
    if (this.#timer) return Math.max(0, nowNs - this.#beatNs - BEAT_MS * 1e6 - SLACK_NS);
    if (this.#state === 'open') {
      this.#beatNs = nowNs;
      this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    }
    return 0;
  }

  close(): void {
    this.#state = 'closed';
    this.#rest();
  }

  #beat(): void {
    this.#beatNs = this.#now();
    if (this.#beatNs - this.#askedNs > REST_AFTER_NS) this.#rest();
  }

  #rest(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
