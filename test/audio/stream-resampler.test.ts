import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamResampler } from '../../src/audio/stream-resampler.ts';

const RATES = [8000, 16_000, 24_000, 32_000, 48_000];
const RATE = fc.constantFrom(...RATES);

function tone(hz: number, rate: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}

function inPieces(samples: Int16Array, resampler: StreamResampler, sizes: number[]): Int16Array {
  const output: number[] = [];
  let at = 0;
  for (let i = 0; at < samples.length; i++) {
    const size = sizes[i % sizes.length] as number;
    output.push(...resampler.process(samples.subarray(at, at + size)));
    at += size;
  }
  return Int16Array.from(output);
}

test('gives the same samples however the stream is cut into packets, and as many as have gone in', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(RATE, RATE, sizes, (from, to, pieces) => {
      const samples = tone(440, from, 3000);
      const whole = new StreamResampler(from, to).process(samples);
      assert.equal(whole.length, Math.floor((3000 * to) / from));
      assert.deepEqual(inPieces(samples, new StreamResampler(from, to), pieces), whole);
    }),
  );
});

test('keeps a tone at its pitch and loudness', () => {
  for (const from of RATES)
    for (const to of RATES) {
      const output = new StreamResampler(from, to).process(tone(440, from, from));
      assert.ok(worstOff(output, to) < 60, `${from} to ${to}: off by ${worstOff(output, to)}`);
    }
});

test('is at most 3.1 ms late', () => {
  for (const from of RATES)
    for (const to of RATES) {
      const click = new Int16Array(from / 10);
      click[from / 50] = 20_000;
      const output = new StreamResampler(from, to).process(click);
      const loudest = output.reduce(
        (at, sample, i) => (sample > (output[at] as number) ? i : at),
        0,
      );
      const delayMs = (loudest / to) * 1000 - 20;
      assert.ok(delayMs > -0.2 && delayMs <= 3.1, `${from} to ${to}: ${delayMs} ms`);
    }
});

test('cuts what the lower rate can not carry', () => {
  for (const hz of [5000, 7000, 12_000]) {
    const output = new StreamResampler(48_000, 8000).process(tone(hz, 48_000, 48_000));
    assert.ok(output.subarray(200).every((sample) => Math.abs(sample) < 60));
  }
});

/** The largest difference from a tone of 440 Hz and the same loudness, whatever its phase. */
function worstOff(output: Int16Array, rate: number): number {
  const [from, to] = [rate / 10, rate * 0.9];
  let [sine, cosine] = [0, 0];
  for (let i = from; i < to; i++) {
    const angle = (2 * Math.PI * 440 * i) / rate;
    sine += (output[i] as number) * Math.sin(angle);
    cosine += (output[i] as number) * Math.cos(angle);
  }
  const phase = Math.atan2(-cosine, sine);
  let worst = 0;
  for (let i = from; i < to; i++) {
    const expected = 10_000 * Math.sin((2 * Math.PI * 440 * i) / rate - phase);
    worst = Math.max(worst, Math.abs((output[i] as number) - expected));
  }
  return worst;
}
