import type { PortPair } from '../protocol/index.ts';

/** The unbound ports of `media.ports`, longest rest first. */
export class PortPool {
  readonly #free: number[] = [];

  constructor(first: number, last: number) {
    for (let port = first; port <= last; port++) this.#free.push(port);
  }

  get freePairs(): number {
    return Math.floor(this.#free.length / 2);
  }

  /** The two ports that have rested longest, or null where fewer are free. */
  take(): PortPair | null {
    const [readPort, writePort] = this.#free;
    if (readPort === undefined || writePort === undefined) return null;
    this.#free.splice(0, 2);
    return { readPort, writePort };
  }

  giveBack(...ports: number[]): void {
    this.#free.push(...ports);
  }
}
