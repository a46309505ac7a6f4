import type { AppendFile } from './append-file.ts';
import { BLOCK_BYTES, type Block, type BlockPool } from './block.ts';

/** Gathers bytes in blocks and hands them to all of its files. */
export class BlockStream {
  readonly files: readonly AppendFile[];
  readonly #pool: BlockPool;
  #block: Block | null = null;
  /** Of the block; the files have them. */
  #flushedBytes = 0;
  #bytes = 0;

  constructor(files: readonly AppendFile[], pool: BlockPool) {
    this.files = files;
    this.#pool = pool;
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The block being filled, which has room. */
  current(): Block {
    this.#block ??= this.#pool.take();
    return this.#block;
  }

  /** Says that `bytes` more of `current()` are used. */
  use(bytes: number): void {
    const block = this.current();
    block.usedBytes += bytes;
    this.#bytes += bytes;
    if (block.usedBytes === BLOCK_BYTES) this.flush();
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const block = this.current();
      const count = Math.min(end - at, BLOCK_BYTES - block.usedBytes);
      block.bytes.set(bytes.subarray(at, at + count), block.usedBytes);
      this.use(count);
      at += count;
    }
  }

  /** Appends `count` times the same byte; much of it costs no memory. */
  fill(byte: number, count: number): void {
    if (count > BLOCK_BYTES) {
      this.flush();
      this.#bytes += count;
      for (const file of this.files) file.fill(byte, count);
      return;
    }
    for (let left = count; left > 0; ) {
      const block = this.current();
      const part = Math.min(left, BLOCK_BYTES - block.usedBytes);
      block.bytes.fill(byte, block.usedBytes, block.usedBytes + part);
      this.use(part);
      left -= part;
    }
  }

  /** Hands what has gathered to the files; a block with room is filled further while they write. */
  flush(): void {
    const block = this.#block;
    if (!block) return;
    const start = this.#flushedBytes;
    this.#flushedBytes = block.usedBytes;
    if (block.usedBytes > start)
      for (const file of this.files) {
        block.holders++;
        file.append(block, start, block.usedBytes);
      }
    if (block.usedBytes === BLOCK_BYTES) this.#letGo(block);
  }

  /** The last flush: the block goes back once it is written. */
  end(): void {
    this.flush();
    if (this.#block) this.#letGo(this.#block);
  }

  #letGo(block: Block): void {
    this.#block = null;
    this.#flushedBytes = 0;
    this.#pool.release(block);
  }
}
