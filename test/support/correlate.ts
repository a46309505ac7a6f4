/** Every so many samples the offset is tried; speech at 8 kHz correlates over far more. */
const COARSE = 4;

/**
 * Where `part` is found in `whole`: the offset in samples with the highest normalised correlation
 * (1 is identical up to loudness), tried up to one second each way.
 */
export function bestOffset(
  whole: Int16Array,
  part: Int16Array,
  reach = 8000,
): { offset: number; correlation: number } {
  let best = { offset: 0, correlation: -1 };
  const look = (from: number, to: number, step: number) => {
    for (let offset = from; offset <= to; offset += step) {
      const correlation = correlationAt(whole, part, offset, step);
      if (correlation > best.correlation) best = { offset, correlation };
    }
  };
  look(-reach, reach, COARSE);
  const around = best.offset;
  best = { offset: around, correlation: -1 };
  look(around - COARSE, around + COARSE, 1);
  return best;
}

function correlationAt(whole: Int16Array, part: Int16Array, offset: number, step: number): number {
  let product = 0;
  let wholePower = 0;
  let partPower = 0;
  for (let i = Math.max(0, -offset); i < part.length && i + offset < whole.length; i += step) {
    const a = whole[i + offset] as number;
    const b = part[i] as number;
    product += a * b;
    wholePower += a * a;
    partPower += b * b;
  }
  return product / Math.sqrt(wholePower * partPower || 1);
}
