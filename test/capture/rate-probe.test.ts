import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateProbe, rateOf } from '../../src/capture/rate-probe.ts';

const RATES = [8000, 16_000, 24_000, 32_000, 48_000];

/** `payloadBytes` of each packet, or of all. */
function probe(payloadBytes: number | number[], arrivalsMs: number[]): number | null {
  const asked = new RateProbe();
  for (const [i, ms] of arrivalsMs.entries()) {
    const size = typeof payloadBytes === 'number' ? payloadBytes : (payloadBytes[i] as number);
    const rate = asked.add(size, ms * 1e6);
    if (rate !== null) return rate;
  }
  return null;
}

test('every rate is found at every packet time, under jitter', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RATES),
      fc.constantFrom(10, 20, 30, 40),
      fc.array(fc.nat(3), { minLength: 25, maxLength: 25 }),
      (rate, ptimeMs, jitterMs) => {
        const arrivals = jitterMs.map((ms, i) => i * ptimeMs + ms);
        assert.equal(probe((rate * ptimeMs * 2) / 1000, arrivals), rate);
      },
    ),
  );
});

test('a burst at the beginning does not mislead it', () => {
  const arrivals = [
    ...new Array(6).fill(300),
    ...Array.from({ length: 19 }, (_, i) => 320 + i * 20),
  ];
  assert.equal(probe(320, arrivals), 8000);
});

test('a slow burst that catches up does not double the rate, whether it ends or not', () => {
  const burst = (packets: number) => Array.from({ length: packets }, (_, i) => i * 12);
  for (const rate of RATES) {
    const payloadBytes = rate / 25;
    assert.equal(probe(payloadBytes, burst(25)), rate);
    const ends = [...burst(15), ...Array.from({ length: 10 }, (_, i) => 188 + i * 20)];
    assert.equal(probe(payloadBytes, ends), rate);
  }
});

test('one packet of another size changes nothing, nor where it is the last', () => {
  const paced = Array.from({ length: 25 }, (_, i) => i * 20);
  const sizes = new Array(25).fill(640);
  assert.equal(probe(sizes.with(8, 320), paced), 16_000);
  assert.equal(probe(sizes.with(8, 1280), paced), 16_000);
  const few = new RateProbe();
  for (const size of [640, 640, 160]) few.add(size, 0);
  assert.equal(few.guess(), 16_000);
});

test('a burst alone, or too few packets, leave the usual packet time', () => {
  assert.equal(probe(1920, new Array(25).fill(0)), 48_000);
  assert.equal(probe(480, new Array(25).fill(0)), 8000);
  const few = new RateProbe();
  assert.equal(few.add(640, 0), null);
  assert.equal(few.guess(), 16_000);
});

test('a size that fits no packet time goes to the nearest rate', () => {
  assert.equal(rateOf(700, 20), 16_000);
});
