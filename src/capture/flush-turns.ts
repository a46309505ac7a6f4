/** A turn of a flush interval is about so long. */
const TURN_MS = 50;

interface Flushed {
  flushFiles(): void;
}

/** Has the files of every call flushed once in an interval, some in each turn, so that no turn is long. */
export class FlushTurns {
  readonly #turns: Set<Flushed>[];
  readonly #turnMs: number;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;
  #added = 0;

  constructor(intervalMs: number) {
    const count = Math.max(1, Math.round(intervalMs / TURN_MS));
    this.#turns = Array.from({ length: count }, () => new Set());
    this.#turnMs = intervalMs / count;
  }

  start(): void {
    this.#timer = setInterval(() => this.#flush(), this.#turnMs);
  }

  add(one: Flushed): void {
    this.#turns[this.#added++ % this.#turns.length]?.add(one);
  }

  delete(one: Flushed): void {
    for (const turn of this.#turns) turn.delete(one);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #flush(): void {
    for (const one of this.#turns[this.#next] ?? []) one.flushFiles();
    this.#next = (this.#next + 1) % this.#turns.length;
  }
}
