import { ULAW_SILENCE } from '../audio/index.ts';
import type { AppendFile } from './append-file.ts';
import { BLOCK_BYTES, type Block, type BlockPool, type CodesOf } from './block.ts';
import type { Disk } from './disk.ts';
import { widthOf } from './write-block.ts';

/** `[atByte, bytes]`, as they are in the files. */
type Span = [atByte: number, bytes: number];

/** A block is not flushed a second time for the rest of it. */
const FULL_ENOUGH = 0.75;
/** A stream lists at most so many losses. */
const MAX_SPANS = 10_000;

/**
 * Gathers bytes in blocks, which hold codes or what goes into the files as it is, and hands them to all
 * of its files. Where so much waits for the disk that there is no memory for more, it keeps the length and
 * lets go of what it holds: the place is filled with `silence`, or with nothing where that is null.
 */
export class BlockStream {
  readonly files: readonly AppendFile[];
  /** What was let go; where nothing took its place, how much that was in all. */
  readonly lost: Span[] = [];
  lostBytes = 0;
  readonly #pool: BlockPool;
  readonly #disk: Disk;
  readonly #silence: number | null;
  #block: Block | null = null;
  /** Of the block; the files have them. */
  #flushedBytes = 0;
  #codesOf: CodesOf = null;
  #bytes = 0;

  constructor(files: readonly AppendFile[], pool: BlockPool, disk: Disk, silence: number | null) {
    this.files = files;
    this.#pool = pool;
    this.#disk = disk;
    this.#silence = silence;
  }

  /** Bytes taken so far, as they are in the files. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The block being filled, which has room and is for codes of this kind; null where nothing more can be
   * held, and `lose` is for the bytes.
   */
  current(codesOf: CodesOf): Block | null {
    if (this.#codesOf !== codesOf) this.#change(codesOf);
    if (this.#block === null && !this.#pool.isFull) this.#block = this.#take();
    return this.#block;
  }

  /** Says that `bytes` more of the block are used, which is `current()`. */
  use(block: Block, bytes: number): void {
    block.usedBytes += bytes;
    this.#bytes += bytes * widthOf(block.codesOf);
    if (block.usedBytes === BLOCK_BYTES) this.flush();
  }

  /** There was no room for so many bytes. */
  lose(bytes: number): void {
    this.lostBytes += bytes;
    this.#disk.lost(bytes);
    if (this.#silence === null) return;
    const last = this.lost.at(-1);
    if (last && last[0] + last[1] === this.#bytes) last[1] += bytes;
    else if (this.lost.length < MAX_SPANS) this.lost.push([this.#bytes, bytes]);
    this.#fillFiles(this.#silence, bytes);
  }

  /** Appends all of the bytes, or loses all of them: what is read again has no half of a frame. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const room = this.#block === null ? 0 : BLOCK_BYTES - this.#block.usedBytes;
    if (end - start > room && this.#pool.isFull) return this.lose(end - start);
    for (let at = start; at < end; ) {
      const block = this.current(null) ?? this.#take();
      this.#block = block;
      const count = Math.min(end - at, BLOCK_BYTES - block.usedBytes);
      block.bytes.set(bytes.subarray(at, at + count), block.usedBytes);
      this.use(block, count);
      at += count;
    }
  }

  /** Appends `count` times the same byte to the files; much of it costs no memory. */
  fill(byte: number, count: number): void {
    const codesOf = this.#codesOf;
    // A-law has no code for 0.
    if (count > BLOCK_BYTES || codesOf === 'PCMA') return this.#fillFiles(byte, count);
    const width = widthOf(codesOf);
    const code = codesOf === null ? byte : ULAW_SILENCE;
    for (let left = count; left > 0; ) {
      const block = this.current(codesOf);
      if (block === null) return this.#fillFiles(byte, left);
      const part = Math.min(left / width, BLOCK_BYTES - block.usedBytes);
      block.bytes.fill(code, block.usedBytes, block.usedBytes + part);
      this.use(block, part);
      left -= part * width;
    }
  }

  /** Hands what has gathered to the files; a block with room is filled further while they write. */
  flush(): void {
    const block = this.#block;
    if (block === null) return;
    const start = this.#flushedBytes;
    this.#flushedBytes = block.usedBytes;
    if (block.usedBytes > start)
      for (const file of this.files) {
        block.holders++;
        file.append(block, start, block.usedBytes);
      }
    if (block.usedBytes > FULL_ENOUGH * BLOCK_BYTES) this.#letGo(block);
  }

  /** The last flush: the block goes back once it is written. */
  end(): void {
    this.flush();
    if (this.#block) this.#letGo(this.#block);
  }

  #take(): Block {
    const block = this.#pool.take();
    block.codesOf = this.#codesOf;
    return block;
  }

  #change(codesOf: CodesOf): void {
    this.end();
    this.#codesOf = codesOf;
  }

  #fillFiles(byte: number, count: number): void {
    this.flush();
    this.#bytes += count;
    for (const file of this.files) file.fill(byte, count);
  }

  #letGo(block: Block): void {
    this.#block = null;
    this.#flushedBytes = 0;
    this.#pool.letGo(block);
  }
}
