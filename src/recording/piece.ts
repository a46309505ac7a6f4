import type { Block } from './block.ts';

/** Bytes of a block, which others may fill behind them; decoded there are twice as many. */
export interface Part {
  block: Block;
  start: number;
  end: number;
}

/** The same byte many times over; zeros become a hole. */
export interface Fill {
  byte: number;
  count: number;
}

/** Bytes of a file that wait for their turn. */
export type Piece = Part | Fill;
