import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from '../../src/capture/token-bucket.ts';

const S = 1e9;

function taken(bucket: TokenBucket, tries: number, nowNs: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (bucket.take(nowNs)) count++;
  return count;
}

test('twice a second of them go through at once, then so many a second, however often it is asked', () => {
  const bucket = new TokenBucket(10);
  assert.equal(taken(bucket, 100, 5 * S), 20);
  assert.equal(bucket.isSpent(5 * S), true);
  let count = 0;
  for (let ms = 1; ms <= 10_000; ms++) count += taken(bucket, 3, 5 * S + ms * 1e6);
  assert.ok(Math.abs(count - 100) <= 1, `${count}`);
  assert.equal(taken(bucket, 100, 1000 * S), 20);
});

test('everything goes through where there is no limit', () => {
  const bucket = new TokenBucket(0);
  assert.equal(taken(bucket, 10_000, 0), 10_000);
  assert.equal(bucket.isSpent(0), false);
});

test('times that step back add nothing, and no order of times lets more through than the limit', () => {
  const times = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 300 });
  fc.assert(
    fc.property(times, (list) => {
      const bucket = new TokenBucket(10);
      let count = 0;
      for (const ms of list) count += taken(bucket, 1, ms * 1e6);
      const mostMs = Math.max(0, ...list);
      assert.ok(count <= 20 + mostMs / 100, `${count} within ${mostMs} ms`);
    }),
  );
});
