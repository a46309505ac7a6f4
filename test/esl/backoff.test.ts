import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Backoff } from '../../src/esl/backoff.ts';

function waits(random: number, count: number, limits = { minMs: 100, maxMs: 1000 }): number[] {
  const backoff = new Backoff({ limits: () => limits, random: () => random });
  return Array.from({ length: count }, () => backoff.nextMs());
}

describe('the wait before the next try', () => {
  test('doubles up to the longest one, and then stays', () => {
    assert.deepEqual(waits(1, 6), [100, 200, 400, 800, 1000, 1000]);
  });

  test('is half as long for who has drawn the lowest number', () => {
    assert.deepEqual(waits(0, 6), [100, 100, 200, 400, 500, 500]);
  });

  test('begins again once it worked', () => {
    const limits = () => ({ minMs: 100, maxMs: 1000 });
    const backoff = new Backoff({ limits, random: () => 1 });
    for (let i = 0; i < 5; i++) backoff.nextMs();
    backoff.reset();
    assert.equal(backoff.nextMs(), 100);
  });

  test('lies between its limits whatever they are, after any number of tries', () => {
    const ms = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(
        ms,
        ms,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (minMs, maxMs, random) => {
          for (const waitMs of waits(random, 40, { minMs, maxMs })) {
            assert.ok(waitMs >= Math.min(minMs, maxMs) && waitMs <= maxMs, `${waitMs}`);
          }
        },
      ),
    );
  });
});
