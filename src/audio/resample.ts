import { gcd, phaseTaps, toInt16 } from './filter.ts';

/** Zero crossings of the sinc on either side: enough for telephony audio (stop band below -70 dB). */
const CROSSINGS = 24;
/** The filter's edge as a part of the lower Nyquist frequency; what is between is the transition. */
const PASS = 0.92;

/**
 * Converts mono 16-bit samples from one rate to another (both in Hz, integers) with a Blackman-windowed
 * sinc that also cuts what the lower rate cannot carry. The result begins with the same instant and
 * has `round(length * toRate / fromRate)` samples; a constant stays that constant. Equal rates give
 * `samples` itself. Outside of `samples` there is silence.
 */
export function resample(samples: Int16Array, fromRate: number, toRate: number): Int16Array {
  if (fromRate === toRate) return samples;
  const divisor = gcd(fromRate, toRate);
  const up = toRate / divisor;
  const down = fromRate / divisor;
  const output = new Int16Array(Math.round((samples.length * up) / down));
  // Sample n of the output lies at n * down / up of the input: a whole part and one of `up` phases,
  // each with its own taps, which are made when first met.
  const cutoff = PASS * Math.min(1, up / down);
  const reach = Math.ceil(CROSSINGS / cutoff);
  const phases: (Float32Array | undefined)[] = new Array(up);
  for (let n = 0, whole = 0, phase = 0; n < output.length; n++) {
    phases[phase] ??= phaseTaps(phase / up, reach, cutoff);
    output[n] = toInt16(weighted(samples, whole - reach + 1, phases[phase] as Float32Array));
    phase += down;
    whole += Math.floor(phase / up);
    phase %= up;
  }
  return output;
}

function weighted(samples: Int16Array, from: number, taps: Float32Array): number {
  const first = Math.max(0, -from);
  const end = Math.min(taps.length, samples.length - from);
  let sum = 0;
  for (let i = first; i < end; i++) sum += (taps[i] as number) * (samples[from + i] as number);
  return sum;
}
