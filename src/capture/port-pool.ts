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

  /** These two, where they are free; false where one is not, or is none of these ports. */
  claim({ readPort, writePort }: PortPair): boolean {
    const free = new Set(this.#free);
    if (readPort === writePort || !free.has(readPort) || !free.has(writePort)) return false;
    const rest = this.#free.filter((port) => port !== readPort && port !== writePort);
    this.#free.splice(0, this.#free.length, ...rest);
    return true;
  }

  giveBack(...ports: number[]): void {
    this.#free.push(...ports);
  }
}
