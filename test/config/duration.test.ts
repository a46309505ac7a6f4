import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/config/index.ts';

test('every unit is read as its milliseconds', () => {
  assert.equal(parseDuration('200ms'), 200);
  assert.equal(parseDuration('30s'), 30_000);
  assert.equal(parseDuration('5m'), 300_000);
  assert.equal(parseDuration('1h'), 3_600_000);
  assert.equal(parseDuration('2d'), 172_800_000);
  assert.equal(parseDuration(' 30 s '), 30_000);
});

test('zero needs no unit, any other number does', () => {
  assert.equal(parseDuration(0), 0);
  assert.equal(parseDuration('0'), 0);
  assert.equal(parseDuration('0s'), 0);
  for (const wrong of [30, -1, 0.5, Number.NaN, '30', '1.5s', '-1s', '5M', '1h30m', '', 's', '1 w'])
    assert.throws(() => parseDuration(wrong), { code: 'RST_CONFIG', message: /is not a duration/ });
});

test('a duration beyond exact milliseconds is refused rather than rounded', () => {
  assert.throws(() => parseDuration('999999999999999d'), { code: 'RST_CONFIG', message: /longer/ });
});

test('whatever formatDuration writes, parseDuration reads back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (durationMs) => {
      assert.equal(parseDuration(formatDuration(durationMs)), durationMs);
    }),
  );
});

test('no text makes parseDuration throw anything but an RstError', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{0,20} ?[a-z]{0,2}$/));
  fc.assert(
    fc.property(text, (value) => {
      try {
        const durationMs = parseDuration(value);
        assert.ok(Number.isSafeInteger(durationMs) && durationMs >= 0);
      } catch (error) {
        assert.equal((error as { code: string }).code, 'RST_CONFIG');
      }
    }),
  );
});
