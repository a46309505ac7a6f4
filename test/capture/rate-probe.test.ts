import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateProbe, rateOf } from '../../src/capture/rate-probe.ts';

const RATES = [8000, 16_000, 24_000, 32_000, 48_000];

function probe(payloadBytes: number, arrivalsMs: number[]): number | null {
  const asked = new RateProbe();
  for (const ms of arrivalsMs) {
    const rate = asked.add(payloadBytes, ms * 1e6);
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

test('a burst alone, or too few packets, leave the usual packet time', () => {
  assert.equal(probe(1920, new Array(25).fill(0)), 48_000);
  const few = new RateProbe();
  assert.equal(few.add(640, 0), null);
  assert.equal(few.guess(), 16_000);
});

test('a size that fits no packet time goes to the nearest rate', () => {
  assert.equal(rateOf(700, 20), 16_000);
});
