/** Bytes of one block: 1.1 s of G.711, so that what gathers between two flushes is one write. */
export const BLOCK_BYTES = 8800;
/** Blocks are cut from shared memory, so many at a time. */
const SLAB_BLOCKS = 32;

/** What the bytes of a block are decoded from when they are written; null: they are written as they are. */
export type CodesOf = 'PCMU' | 'PCMA' | null;

/**
 * Audio on its way to the files of one track, shared by all of them and used again once the last has
 * written it. It is in shared memory, for `BlockWriter`.
 */
export class Block {
  readonly bytes: Uint8Array;
  readonly samples: Int16Array;
  codesOf: CodesOf = null;
  usedBytes = 0;
  /** Whoever fills it and each file that has yet to write of it. */
  holders = 0;
  /** It is filled no more, and waits for its files. */
  isWaiting = false;

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.bytes = new Uint8Array(memory, offset, BLOCK_BYTES);
    this.samples = new Int16Array(memory, offset, BLOCK_BYTES / 2);
  }
}

/** What may wait for the disk in one thread, where nobody says. */
const MAX_WAITING_BYTES = 256e6;
/** Once that is used up, nothing more is taken until half of it is free. */
const FREE_AGAIN = 0.5;

/** As many free blocks as are in use are kept for reuse, and so many at least. */
const LEAST_KEPT = 64;

/** Keeps blocks for reuse, so that steady recording allocates none, and knows how much waits for the disk. */
export class BlockPool {
  readonly #free: Block[] = [];
  readonly #maxWaiting: number;
  #used = 0;
  #waiting = 0;
  #isFull = false;

  constructor(maxWaitingBytes = MAX_WAITING_BYTES) {
    this.#maxWaiting = Math.max(1, Math.floor(maxWaitingBytes / BLOCK_BYTES));
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
    if (this.#free.length === 0) this.#cut();
    const block = this.#free.pop() as Block;
    block.holders = 1;
    this.#used++;
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
    this.#used--;
    this.#free.push(block);
    while (this.#free.length > Math.max(LEAST_KEPT, this.#used)) this.#free.pop();
  }

  #cut(): void {
    const memory = new SharedArrayBuffer(SLAB_BLOCKS * BLOCK_BYTES);
    for (let i = 0; i < SLAB_BLOCKS; i++) this.#free.push(new Block(memory, i * BLOCK_BYTES));
  }
}
