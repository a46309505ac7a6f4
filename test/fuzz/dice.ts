import { mix32 } from '../../src/send/random.ts';

/** Chance that follows from its seeds alone. */
export class Dice {
  #state: number;

  constructor(...seeds: number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds)
      this.#state = (Math.imul(this.#state ^ seed, 0x85ebca6b) ^ this.bits()) | 0;
  }

  /** 32 bits: mulberry32. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return mix32(this.#state) >>> 0;
  }

  /** A whole number from 0 to one below `below`. */
  upTo(below: number): number {
    return this.bits() % below;
  }

  /** True once in so many times. */
  onceIn(times: number): boolean {
    return this.upTo(times) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.upTo(values.length)] as T;
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    for (let at = 0; at < size; at++) bytes[at] = this.bits() >>> 11;
    return bytes;
  }
}
