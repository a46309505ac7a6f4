import { gcd, phaseTaps, toInt16 } from './filter.ts';

/** Zero crossings of the filter on either side; less than a file's, since its length is delay here. */
const CROSSINGS = 12;
const PASS = 0.92;

/**
 * Converts a stream of mono 16-bit samples between two rates in Hz, packet by packet, without a seam:
 * what it gave out is always `floor(taken in * toRate / fromRate)` samples, later than the input by half
 * the filter, under 3 ms at telephone rates.
 */
export class StreamResampler {
  readonly #up: number;
  readonly #down: number;
  readonly #reach: number;
  readonly #phases: (Float32Array | undefined)[];
  readonly #cutoff: number;
  /** The last inputs, as many as the filter looks back. */
  #history: Int16Array;
  /** Inputs and outputs so far, modulo one period of the ratio. */
  #phase = 0;

  constructor(fromRate: number, toRate: number) {
    const divisor = gcd(fromRate, toRate);
    this.#up = toRate / divisor;
    this.#down = fromRate / divisor;
    this.#cutoff = PASS * Math.min(1, this.#up / this.#down);
    this.#reach = Math.ceil(CROSSINGS / this.#cutoff);
    this.#phases = new Array(this.#up);
    this.#history = new Int16Array(2 * this.#reach);
  }

  /** The outputs that these inputs complete. */
  process(input: Int16Array): Int16Array {
    const reach = this.#reach;
    const window = new Int16Array(this.#history.length + input.length);
    window.set(this.#history);
    window.set(input, this.#history.length);
    const count = Math.floor((this.#phase + input.length * this.#up) / this.#down);
    const output = new Int16Array(count);
    for (let n = 0; n < count; n++) {
      // Output n is due when input `at` is here; the filter's middle lies `reach` inputs before it.
      const due = (n + 1) * this.#down - this.#phase;
      const at = Math.ceil(due / this.#up);
      const offset = at * this.#up - due;
      output[n] = this.#filtered(window, at, offset);
    }
    this.#phase = this.#phase + input.length * this.#up - count * this.#down;
    this.#history = window.slice(window.length - 2 * reach);
    return output;
  }

  #filtered(window: Int16Array, at: number, offset: number): number {
    const phase = offset === 0 ? 0 : this.#up - offset;
    this.#phases[phase] ??= phaseTaps(phase / this.#up, this.#reach, this.#cutoff);
    const taps = this.#phases[phase] as Float32Array;
    const from = offset === 0 ? at : at - 1;
    let sum = 0;
    for (let i = 0; i < taps.length; i++) sum += (taps[i] as number) * (window[from + i] as number);
    return toInt16(sum);
  }
}
