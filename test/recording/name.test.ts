import assert from 'node:assert/strict';
import { basename, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dateOf, escapeName, expandName } from '../../src/recording/index.ts';
import { stemOf } from '../../src/recording/name.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '%', '\0', '-', 'a', '\n', ' '),
    maxLength: 40,
  }),
);
/** At most 73 bytes of UTF-8, so that nothing is cut even if all of it is escaped. */
const shortText = fc.string({ unit: 'binary', maxLength: 18 });

describe('escapeName', () => {
  test('gives one part of a path, whatever the text is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = escapeName(text);
        assert.match(name, /^[A-Za-z0-9_%.-]*$/);
        assert.equal(name === '', text === '');
        assert.notEqual(name[0], '.');
        assert.ok(name.length <= 220);
        if (text !== '') assert.equal(resolve('/records/day', name), join('/records/day', name));
        if (text !== '') assert.equal(basename(`/records/day/${name}`), name);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives different names to different texts, as long as nothing is cut', () => {
    fc.assert(
      fc.property(shortText, shortText, (one, other) => {
        assert.equal(escapeName(one) === escapeName(other), one === other);
      }),
    );
    fc.assert(
      fc.property(shortText, (text) => {
        assert.equal(decodeURIComponent(escapeName(text)), text);
      }),
    );
  });

  test('leaves the usual UUIDs as they are', () => {
    for (const uuid of ['0b5e8a3c-7f1d-4f0e-9f6e-6f1c2d3e4f5a', 'call_17', 'a.b.c', '-x'])
      assert.equal(escapeName(uuid), uuid);
  });

  test('escapes what would lead elsewhere', () => {
    assert.equal(escapeName('.'), '%2E');
    assert.equal(escapeName('..'), '%2E.');
    assert.equal(escapeName('../../etc/passwd'), '%2E.%2F..%2Fetc%2Fpasswd');
    assert.equal(escapeName('a/b\\c\0d'), 'a%2Fb%5Cc%00d');
    assert.equal(escapeName('a%2Fb'), 'a%252Fb');
    assert.equal(escapeName('张'), '%E5%BC%A0');
  });
});

describe('dateOf', () => {
  test('is the day of the zone on both sides of its midnight', () => {
    // [zone, its midnight of 2026-03-01 in UTC]
    for (const [zone, midnight] of [
      ['UTC', '2026-03-01T00:00:00.000Z'],
      ['Asia/Shanghai', '2026-02-28T16:00:00.000Z'],
      ['America/New_York', '2026-03-01T05:00:00.000Z'],
      ['Asia/Kolkata', '2026-02-28T18:30:00.000Z'],
    ] as const) {
      const atMs = Date.parse(midnight);
      assert.equal(dateOf(atMs - 1, zone), '2026-02-28', zone);
      assert.equal(dateOf(atMs, zone), '2026-03-01', zone);
      assert.equal(dateOf(atMs + 24 * 3600e3 - 1, zone), '2026-03-01', zone);
    }
  });

  test('follows a zone over its change of clocks', () => {
    // New York leaves summer time on 2026-11-01: that day has 25 hours.
    const midnightMs = Date.parse('2026-11-01T04:00:00Z');
    assert.equal(dateOf(midnightMs - 1, 'America/New_York'), '2026-10-31');
    assert.equal(dateOf(midnightMs + 25 * 3600e3 - 1, 'America/New_York'), '2026-11-01');
    assert.equal(dateOf(midnightMs + 25 * 3600e3, 'America/New_York'), '2026-11-02');
  });

  test('is the day of this machine for "local", and of Greenwich for UTC, at any time', () => {
    const times = fc.integer({ min: 0, max: Date.parse('2200-01-01T00:00:00Z') });
    fc.assert(
      fc.property(times, (timeMs) => {
        const date = new Date(timeMs);
        const two = (number: number) => String(number).padStart(2, '0');
        const local = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
        assert.equal(dateOf(timeMs, 'local'), local);
        assert.equal(dateOf(timeMs, 'UTC'), date.toISOString().slice(0, 10));
      }),
    );
  });
});

test('the first segment has the plain name, the others their number', () => {
  assert.equal(stemOf('2026-03-01/u', 1), '2026-03-01/u');
  assert.equal(stemOf('2026-03-01/u', 2), '2026-03-01/u.2');
});

describe('expandName', () => {
  const call = {
    uuid: 'a/b',
    caller: '+49 170',
    callee: '../../etc/passwd',
    startedAtMs: Date.UTC(2026, 2, 1, 23, 5, 9),
    box: '',
    node: 'n1',
    direction: '',
  };

  test('fills every field in', () => {
    const template = '{node}/{date}/{time}_{uuid}_{caller}';
    assert.equal(expandName(template, call, 'UTC'), 'n1/2026-03-01/230509_a%2Fb_%2B49%20170');
    assert.equal(expandName('{date}/{time}', call, 'Asia/Shanghai'), '2026-03-02/070509');
  });

  test('names a part that comes out empty', () => {
    assert.equal(expandName('{box}/{direction}/{uuid}', call, 'UTC'), '_/_/a%2Fb');
  });

  test('never leads out of the folder, whatever a caller sends', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (caller, callee) => {
        const parts = expandName('{caller}/{callee}-x', { ...call, caller, callee }, 'UTC').split(
          '/',
        );
        assert.equal(parts.length, 2);
        for (const part of parts) assert.match(part, /^[A-Za-z0-9_%-][A-Za-z0-9_.%-]*$/);
      }),
    );
  });
});
