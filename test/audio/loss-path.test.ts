import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LossPath } from '../../src/audio/loss-path.ts';

const COST = 8;

function first(...excess: number[]): ReturnType<LossPath['first']> {
  return new LossPath().first(excess, COST);
}

/** `count` packets that are all as late. */
function late(by: number, count: number): number[] {
  return Array.from({ length: count }, () => by);
}

describe('the likeliest row of losses', () => {
  test('has none where lateness ends, or is too short to prove one', () => {
    assert.equal(first(...late(1.2, 12), 0), null);
    assert.equal(first(...late(1, 7)), null);
    assert.equal(first(), null);
  });

  test('is one packet before the first of enough that stay late by one', () => {
    assert.deepEqual(first(...late(0.1, 5), ...late(1.1, 12)), { at: 5, packets: 1 });
    assert.deepEqual(first(...late(1.1, 12)), { at: 0, packets: 1 });
  });

  test('is as many as no packet is early for', () => {
    assert.deepEqual(first(...late(2.4, 12)), { at: 0, packets: 2 });
    assert.deepEqual(first(...late(3.6, 6), 2.1, 2.2, 2.1, ...late(3.6, 6)), { at: 0, packets: 2 });
  });

  test('tells the first of two losses apart from the second', () => {
    assert.deepEqual(first(0.2, ...late(1.2, 15), ...late(2.2, 15)), { at: 1, packets: 1 });
  });

  test('finds a long gap whole, once enough packets speak for it', () => {
    assert.deepEqual(first(...late(31.3, 8)), { at: 0, packets: 31 });
    assert.equal(first(...late(31.3, 7)), null);
  });

  test('under jitter lets no packet be early that is not by chance', () => {
    const path = new LossPath();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 40, maxLength: 60 }),
        (lost, jitter) => {
          // One packet without jitter among them, as every network has, at the end.
          const excess = [...jitter.map((by) => by + lost), lost];
          const found = path.first(excess, COST);
          assert.ok(found && found.packets <= lost, JSON.stringify(found));
        },
      ),
    );
  });
});
