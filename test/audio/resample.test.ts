import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { resample } from '../../src/audio/resample.ts';

const RATES = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

function sine(hz: number, rate: number, seconds: number, peak = 16_000): Int16Array {
  return Int16Array.from({ length: Math.round(rate * seconds) }, (_, i) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}

/** Root mean square, away from the ends, where the filter looks out of the signal. */
function levelOf(samples: ArrayLike<number>): number {
  const edge = Math.floor(samples.length / 10);
  let sum = 0;
  for (let i = edge; i < samples.length - edge; i++) sum += (samples[i] as number) ** 2;
  return Math.sqrt(sum / (samples.length - 2 * edge));
}

function decibels(level: number, reference: number): number {
  return 20 * Math.log10(level / reference);
}

describe('resampling', () => {
  test('to the same rate gives the samples themselves', () => {
    const samples = Int16Array.of(1, 2, 3);
    assert.equal(resample(samples, 8000, 8000), samples);
  });

  test('gives as much time as there was, and keeps a constant what it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES),
        fc.constantFrom(...RATES),
        fc.integer({ min: -32768, max: 32767 }),
        fc.integer({ min: 0, max: 3000 }),
        (from, to, value, length) => {
          const output = resample(new Int16Array(length).fill(value), from, to);
          assert.equal(output.length, Math.round((length * to) / from));
          const edge = Math.ceil(27 * Math.max(1, to / from));
          for (const sample of output.subarray(edge, Math.max(edge, output.length - edge)))
            assert.ok(Math.abs(sample - value) <= 1, `${sample} instead of ${value}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keeps a tone in place and in strength between every two rates', () => {
    for (const from of RATES)
      for (const to of RATES) {
        const wanted = sine(1000, to, 0.2);
        const output = resample(sine(1000, from, 0.2), from, to);
        const error = levelOf(output.map((sample, i) => sample - (wanted[i] as number)));
        assert.ok(decibels(error, levelOf(wanted)) < -60, `${from} to ${to}: ${error}`);
      }
  });

  test('keeps speech up to 3.4 kHz and lets nothing through that 8000 Hz cannot carry', () => {
    for (const from of [16_000, 44_100, 48_000]) {
      const kept = levelOf(resample(sine(3400, from, 0.2), from, 8000));
      assert.ok(Math.abs(decibels(kept, 16_000 / Math.SQRT2)) < 1);
      for (const hz of [4500, 5000, 7000]) {
        const left = levelOf(resample(sine(hz, from, 0.2), from, 8000));
        assert.ok(decibels(left, 16_000 / Math.SQRT2) < -60, `${hz} of ${from} Hz: ${left}`);
      }
    }
  });

  test('is clipped and never wraps where the filter overshoots', () => {
    const square = Int16Array.from({ length: 800 }, (_, i) => (i % 80 < 40 ? 32767 : -32768));
    const output = resample(square, 8000, 48_000);
    // A jump from one end of the scale to the other between neighbours would be a wrap.
    const steps = output
      .subarray(1)
      .map((sample, i) => Math.abs((output[i] as number) - sample) >> 1);
    assert.ok(Math.max(...steps) < 16_000);
    assert.equal(Math.max(...output), 32767);
  });
});
