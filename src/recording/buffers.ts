import { isAbsolute } from 'node:path';
import { BlockPool } from './block.ts';

/** What of the memory is for the folder that is there for when the other one fails. */
const FALLBACK_SHARE = 1 / 4;

/** The blocks of one thread: what waits for one folder takes no memory from what is written to the other. */
export class Buffers {
  readonly #main: BlockPool;
  readonly #fallback: BlockPool | null;

  constructor(maxBytes: number, hasFallback: boolean) {
    const fallbackBytes = hasFallback ? maxBytes * FALLBACK_SHARE : 0;
    this.#main = new BlockPool(maxBytes - fallbackBytes);
    this.#fallback = hasFallback ? new BlockPool(fallbackBytes) : null;
  }

  /** For a recording of this name: those of the recordings folder are named from there on. */
  of(name: string): BlockPool {
    return this.#fallback && isAbsolute(name) ? this.#fallback : this.#main;
  }
}
