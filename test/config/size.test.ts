import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from '../../src/config/index.ts';

test('decimal units count thousands and binary units count 1024', () => {
  assert.equal(parseSize('64KB'), 64_000);
  assert.equal(parseSize('64KiB'), 65_536);
  assert.equal(parseSize('250MB'), 250_000_000);
  assert.equal(parseSize('1GiB'), 1_073_741_824);
  assert.equal(parseSize('2tb'), 2e12);
  assert.equal(parseSize('8 MB'), 8_000_000);
});

test('a plain number is bytes', () => {
  assert.equal(parseSize(212_992), 212_992);
  assert.equal(parseSize('212992'), 212_992);
  assert.equal(parseSize('10B'), 10);
  assert.equal(parseSize(0), 0);
});

test('what is no size is refused with what a size looks like', () => {
  for (const wrong of ['', 'MB', '1.5GB', '-1', -1, 1.5, '1 parsec', '1M', '1kbit', 1e21])
    assert.throws(() => parseSize(wrong), { code: 'RST_CONFIG', message: /is not a size such as/ });
  assert.throws(() => parseSize('9999999TB'), { code: 'RST_CONFIG', message: /larger than/ });
});

test('whatever formatSize writes, parseSize reads back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (sizeBytes) => {
      assert.equal(parseSize(formatSize(sizeBytes)), sizeBytes);
    }),
  );
  assert.equal(formatSize(4096), '4KiB');
  assert.equal(formatSize(8e6), '8MB');
});
