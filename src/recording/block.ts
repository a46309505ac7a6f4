/** Bytes of one block: 1.1 s of 16-bit audio at 8 kHz, so that what gathers between two flushes is one write. */
export const BLOCK_BYTES = 17_600;

/**
 * Decoded audio on its way to the files of one track, shared by all of them and used again once the
 * last has written it.
 */
export class Block {
  readonly bytes: Uint8Array = new Uint8Array(BLOCK_BYTES);
  readonly samples: Int16Array = new Int16Array(this.bytes.buffer);
  /** Two samples each. */
  readonly pairs: Int32Array = new Int32Array(this.bytes.buffer);
  usedBytes = 0;
  /** Whoever fills it and each file that has yet to write of it. */
  holders = 0;
  /** It is filled no more, and waits for its files. */
  isWaiting = false;
}

/** What may wait for the disk in one thread, where nobody says. */
const MAX_WAITING_BYTES = 256e6;
/** Once that is used up, nothing more is taken until half of it is free. */
const FREE_AGAIN = 0.5;

/** Keeps blocks for reuse, so that steady recording allocates none, and knows how much waits for the disk. */
export class BlockPool {
  readonly #free: Block[] = [];
  readonly #keep: number;
  readonly #maxWaiting: number;
  #waiting = 0;
  #isFull = false;

  constructor(maxWaitingBytes = MAX_WAITING_BYTES, keep = 256) {
    this.#maxWaiting = Math.max(1, Math.floor(maxWaitingBytes / BLOCK_BYTES));
    this.#keep = keep;
  }

  /** Of blocks that are filled and not yet written. */
  get waitingBytes(): number {
    return this.#waiting * BLOCK_BYTES;
  }

  /** True while so much waits that nothing more is to be filled. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** A block with one holder. */
  take(): Block {
    const block = this.#free.pop() ?? new Block();
    block.holders = 1;
    return block;
  }

  /** Whoever filled the block is done with it; from here on it waits for its files. */
  letGo(block: Block): void {
    if (block.holders > 1) {
      block.isWaiting = true;
      this.#waiting++;
      if (this.#waiting >= this.#maxWaiting) this.#isFull = true;
    }
    this.release(block);
  }

  /** One holder is done with the block; the last one gives it back. */
  release(block: Block): void {
    if (--block.holders > 0) return;
    block.usedBytes = 0;
    if (block.isWaiting) {
      block.isWaiting = false;
      this.#waiting--;
      if (this.#waiting <= this.#maxWaiting * FREE_AGAIN) this.#isFull = false;
    }
    if (this.#free.length < this.#keep) this.#free.push(block);
  }
}
