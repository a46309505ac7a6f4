import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PatternList } from '../../src/esl/pattern.ts';

function matches(pattern: string | string[], value: string, ignoreCase = false): boolean {
  return new PatternList([pattern].flat(), { ignoreCase }).judge(value).kind === 'matched';
}

test('a pattern without signs matches itself and nothing else', () => {
  assert.ok(matches('1001', '1001'));
  for (const value of ['', '100', '10011', ' 1001', '1001\n'])
    assert.ok(!matches('1001', value), value);
});

test('a star is any characters, also none and line ends, a question mark is one', () => {
  for (const [pattern, right, wrong] of [
    ['8*', ['8', '80', '8\n0'], ['', '18']],
    ['*8', ['8', '88', '18'], ['80', '']],
    ['*', ['', 'x', 'a\r\nb'], []],
    ['?*', ['x', 'xy'], ['']],
    ['1?0', ['100', '1x0'], ['10', '1000', '1']],
    ['a*b*c', ['abc', 'a-b-b-c', 'abcbc'], ['ab', 'acb', 'abcd']],
    ['**a**', ['a', 'bab'], ['', 'b']],
    ['', [''], ['x']],
  ] as const) {
    for (const value of right) assert.ok(matches(pattern, value), `${pattern} ${value}`);
    for (const value of wrong) assert.ok(!matches(pattern, value), `${pattern} ${value}`);
  }
});

test('a character is a code point, whatever it takes to store it', () => {
  assert.ok(matches('张?', '张三'));
  assert.ok(matches('?', '😀'));
  assert.ok(!matches('??', '😀'));
  assert.ok(matches('?', '\ud83d'), 'half of a pair that lost the other one');
  assert.ok(matches('?', 'İ', true), 'which is two characters as a small letter');
});

test('a backslash takes the meaning of what follows away', () => {
  assert.ok(matches('\\*97', '*97'));
  assert.ok(!matches('\\*97', '197'));
  assert.ok(matches('\\?', '?') && !matches('\\?', 'x'));
  assert.ok(matches('\\!x', '!x'));
  assert.ok(matches('a\\\\b', 'a\\b'));
  assert.ok(matches('a\\', 'a\\'));
});

test('case counts unless it was said to be ignored', () => {
  assert.ok(!matches('Public', 'public'));
  assert.ok(matches('Public', 'pUBLIC', true));
  assert.ok(matches('ÄÖ*', 'äöÜ', true));
});

test('a list matches if one of it does and none of the negated', () => {
  const list = ['49*', '43*', '!4930*'];
  assert.deepEqual(new PatternList(list).judge('4940'), { kind: 'matched', by: ['49*'] });
  assert.deepEqual(new PatternList(list).judge('4930'), { kind: 'excluded', by: ['!4930*'] });
  assert.deepEqual(new PatternList(list).judge('1'), { kind: 'missed', by: ['49*', '43*'] });
});

test('a list of negated patterns alone matches all the rest', () => {
  const list = ['!4930*', '!'];
  assert.deepEqual(new PatternList(list).judge('1'), { kind: 'matched', by: list });
  assert.deepEqual(new PatternList(list).judge(''), { kind: 'excluded', by: ['!'] });
});

test('a value matches by any of its spellings, and is excluded by any', () => {
  assert.equal(new PatternList(['49*']).judge('+49', '49').kind, 'matched');
  assert.equal(new PatternList(['!49*']).judge('+49', '49').kind, 'excluded');
  assert.equal(new PatternList(['+49*']).judge('49').kind, 'missed');
});

/** What a pattern means, said without any thought of how long it takes. */
function naive(pattern: string[], text: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === '*') return text.some((_, i) => naive(rest, text.slice(i))) || naive(rest, []);
  return text.length > 0 && (first === '?' || first === text[0]) && naive(rest, text.slice(1));
}

test('it matches what a naive matcher does', () => {
  const pattern = fc.array(fc.constantFrom('*', '?', 'a', 'b', '😀'), { maxLength: 8 });
  const text = fc.array(fc.constantFrom('a', 'b', '😀'), { maxLength: 10 });
  fc.assert(
    fc.property(pattern, text, (signs, chars) => {
      assert.equal(matches(signs.join(''), chars.join('')), naive(signs, chars));
    }),
    { numRuns: 5000 },
  );
});

test('any text matches itself once its signs are escaped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = text.replace(/[\\*?!]/g, '\\$&');
      assert.ok(matches(escaped, text));
      assert.ok(matches(`*${escaped}*`, `x${text}y`));
    }),
  );
});

test('patterns made to be slow are not', () => {
  // With backtracking this would take longer than anybody waits.
  const pattern = `${'a*'.repeat(100)}b`;
  assert.ok(!matches(pattern, 'a'.repeat(10_000)));
  assert.ok(matches(pattern, `${'a'.repeat(10_000)}b`));
});
