import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextCalls } from '../../bench/load/bisect.ts';

test('the search ends at the limit, to the next hundred', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8000 }),
      fc.integer({ min: 0, max: 9000 }),
      (most, limit) => {
        let lossless = 0;
        let tooMany: number | null = null;
        let runs = 0;
        for (let calls: number | null = most; calls !== null; ) {
          assert.ok(calls > lossless && (tooMany === null || calls < tooMany));
          assert.ok(++runs < 12);
          if (calls <= limit) lossless = calls;
          else tooMany = calls;
          calls = nextCalls(lossless, tooMany);
        }
        assert.ok(lossless <= limit && (tooMany === null ? lossless === most : tooMany > limit));
        assert.ok(tooMany === null || tooMany - lossless <= 100);
      },
    ),
  );
});
