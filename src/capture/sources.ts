import type { Source } from './source.ts';

/** One object for each sender, made when it sends first, so that a packet makes none and whoever keeps it may. */
export class Sources {
  /** By port: of two senders with the same one, the last. */
  readonly #byPort = new Map<number, Source>();

  of(address: string, port: number): Source {
    const known = this.#byPort.get(port);
    if (known !== undefined && known.address === address) return known;
    const source = { address, port };
    this.#byPort.set(port, source);
    return source;
  }
}
