import { type Block, BlockPool } from '../../src/recording/block.ts';

/** Knows how many blocks are out. */
export class CountingPool extends BlockPool {
  out = 0;

  override take(): Block {
    this.out++;
    return super.take();
  }

  override release(block: Block): void {
    if (block.holders <= 1) this.out--;
    super.release(block);
  }

  /** A block with one holder that holds `bytes`. */
  filled(bytes: Uint8Array): Block {
    const block = this.take();
    block.bytes.set(bytes);
    block.usedBytes = bytes.length;
    return block;
  }
}
