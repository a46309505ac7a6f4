/** Bytes of one block: a second of 16-bit audio at 8 kHz. */
export const BLOCK_BYTES = 16_000;

/**
 * Decoded audio on its way to the files of one track, shared by all of them and used again once the
 * last has written it.
 */
export class Block {
  readonly bytes: Uint8Array = new Uint8Array(BLOCK_BYTES);
  readonly samples: Int16Array = new Int16Array(this.bytes.buffer);
  usedBytes = 0;
  /** Whoever fills it and each file that has yet to write of it. */
  holders = 0;
}

/** Keeps blocks for reuse, so that steady recording allocates none. */
export class BlockPool {
  readonly #free: Block[] = [];
  readonly #keep: number;

  constructor(keep = 256) {
    this.#keep = keep;
  }

  /** A block with one holder. */
  take(): Block {
    const block = this.#free.pop() ?? new Block();
    block.holders = 1;
    return block;
  }

  /** One holder is done with the block; the last one gives it back. */
  release(block: Block): void {
    if (--block.holders > 0) return;
    block.usedBytes = 0;
    if (this.#free.length < this.#keep) this.#free.push(block);
  }
}
