import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { createLog, type LogOptions, maskNumber, setLevel } from '../src/log.ts';

/** A log whose lines are kept, with the options that differ. */
function record(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line), isTTY: options.isTTY ?? false };
  const log = createLog({ level: 'info', maskNumbers: false, stream, ...options });
  return { log, lines, json: () => lines.map((line) => JSON.parse(line)) };
}

test('a line is one JSON object with the level as text and the time in RFC 3339', () => {
  const { log, json, lines } = record();
  log.info({ control: '127.0.0.1:9527' }, 'listening');
  const [line] = json();
  assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    { ...line, time: '' },
    {
      level: 'info',
      time: '',
      control: '127.0.0.1:9527',
      msg: 'listening',
    },
  );
  assert.ok((lines[0] as string).endsWith('}\n'));
});

test('what is below the level is not written', () => {
  const { log, json } = record({ level: 'warn' });
  log.info('no');
  log.warn('yes');
  assert.deepEqual(
    json().map((line) => line.msg),
    ['yes'],
  );
});

test('an error is logged with its message, code and stack', () => {
  const { log, json } = record({ maskNumbers: true });
  log.error({ err: Object.assign(new Error('no space'), { code: 'ENOSPC' }) }, 'failed');
  const [{ err }] = json();
  assert.equal(err.message, 'no space');
  assert.equal(err.code, 'ENOSPC');
  assert.match(err.stack, /log\.test/);
});

test('caller and callee are masked when asked for, in children and their bindings too', () => {
  const { log, json } = record({ maskNumbers: true });
  log.info({ caller: '13800000111', callee: '1001' }, 'a');
  log.child({ caller: '13800000111' }).child({ uuid: 'u' }).info({ callee: 13800000222 }, 'b');
  log.info({ caller: null, uuid: '13800000111' }, 'c');
  const [a, b, c] = json();
  assert.deepEqual([a.caller, a.callee], ['138*****111', '****']);
  assert.deepEqual([b.caller, b.callee], ['138*****111', '138*****222']);
  assert.deepEqual([c.caller, c.uuid], [null, '13800000111']);
});

test('another level is that of children too, and of theirs, from then on', () => {
  const { log, json } = record();
  const child = log.child({ box: 'fs1' });
  const grandchild = child.child({ uuid: 'u' });
  child.debug('no');
  setLevel(log, 'debug');
  for (const one of [log, child, grandchild, child.child({})]) one.debug('yes');
  setLevel(log, 'error');
  grandchild.warn('no');
  assert.deepEqual(
    json().map(({ msg }) => msg),
    ['yes', 'yes', 'yes', 'yes'],
  );
});

test('numbers are left alone when masking is off', () => {
  const { log, json } = record();
  log.child({ caller: '13800000111' }).info('a');
  assert.equal(json()[0].caller, '13800000111');
});

test('a terminal gets lines for people at once, unless JSON is asked for', () => {
  const pretty = record({ isTTY: true, maskNumbers: true });
  pretty.log.warn({ caller: '13800000111' }, 'odd');
  assert.equal(pretty.lines.length, 1);
  assert.match(pretty.lines[0] as string, /WARN.*odd/);
  assert.match(pretty.lines[0] as string, /caller 138\*{5}111/);
  const forced = record({ isTTY: true, json: true });
  forced.log.warn('odd');
  assert.equal(forced.json()[0].msg, 'odd');
});

test('whatever a caller is called, JSON stays one line with just that in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { log, lines, json } = record();
      log.child({ caller: text }).info({ reason: text }, text);
      assert.equal(lines.length, 1);
      assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
      const [line] = json();
      assert.deepEqual([line.caller, line.reason, line.msg], [text, text, text]);
    }),
  );
});

test('whatever a caller is called, a terminal obeys none of it and shows as many lines', () => {
  const shown = (text: string) => {
    const { log, lines } = record({ isTTY: true });
    log.info({ caller: text, reason: text, nested: { callee: [text] } }, `call ${text}`);
    assert.equal(lines.length, 1);
    return lines[0] as string;
  };
  const lineCount = shown('x').split('\n').length;
  const character = fc.oneof(
    fc.constantFrom(...'\n\r\b\0\x07\x1b\x7f\x85\x9b[;m', '\u2028', '\u202e', '\u2066'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 40 }), (characters) => {
      const text = characters.join('');
      const line = shown(text);
      assert.equal(line.split('\n').length, lineCount);
      const plain = stripVTControlCharacters(line).replaceAll('\n', '');
      assert.doesNotMatch(plain, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      const escapes = (of: string) => of.split('\x1b').length;
      assert.equal(escapes(line), escapes(shown('x')), 'no colour is of the caller');
    }),
  );
  assert.match(shown('a\nb\x1b[2J'), /caller a␊b␛\[2J/);
});

test('masking keeps the length, and of six characters or fewer nothing', () => {
  assert.equal(maskNumber('13800000111'), '138*****111');
  assert.equal(maskNumber('1234567'), '123*567');
  assert.equal(maskNumber('123456'), '******');
  assert.equal(maskNumber(''), '');
  fc.assert(
    fc.property(fc.stringMatching(/^\+?\d{0,20}$/), (number) => {
      const masked = maskNumber(number);
      assert.equal(masked.length, number.length);
      assert.equal(masked.replaceAll('*', '').length, number.length > 6 ? 6 : 0);
    }),
  );
});
