/**
 * The taps of a Blackman-windowed sinc seen from a point `offset` (0 to 1) behind an input sample:
 * `2 * reach` of them, the one at `reach - 1` is that sample's. `cutoff` is a part of the Nyquist
 * frequency. They sum to 1.
 */
export function phaseTaps(offset: number, reach: number, cutoff: number): Float32Array {
  const taps = new Float64Array(2 * reach);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const distance = i - (reach - 1) - offset;
    const tap = sinc(distance * cutoff) * blackman(distance / reach);
    taps[i] = tap;
    sum += tap;
  }
  return Float32Array.from(taps, (tap) => tap / sum);
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

export function toInt16(value: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(value)));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The Blackman window over -1 to 1, and 0 outside. */
function blackman(x: number): number {
  if (x <= -1 || x >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}
