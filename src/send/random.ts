/** The odd step of mulberry32's counter: with it every 32-bit state comes up once. */
const STEP = 0x6d2b79f5;

/** mulberry32's output function: 32 well-mixed bits, as a signed integer, from one 32-bit state. */
export function mix32(state: number): number {
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return bits ^ (bits >>> 14);
}

/** The `index`-th number of a seed's sequence, 32 bits, signed; any place in it costs the same. */
export function randomAt(seed: number, index: number): number {
  return mix32((mix32(seed) + Math.imul(index + 1, STEP)) | 0);
}

/** A sequence of numbers from 0 up to 1, the same for the same seeds. */
export function seededRandom(...seeds: number[]): () => number {
  const seed = seeds.reduce((state, next) => mix32((state ^ next) + STEP), 0);
  let index = 0;
  return () => (randomAt(seed, index++) >>> 0) / 0x1_0000_0000;
}
