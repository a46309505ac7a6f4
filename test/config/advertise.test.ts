import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAdvertised } from '../../src/config/advertise.ts';

test('hosts of every kind are read, with and without a port', () => {
  for (const [text, host, port] of [
    ['192.0.2.5', '192.0.2.5', null],
    ['192.0.2.5:9527', '192.0.2.5', 9527],
    ['recorder.example.com:1', 'recorder.example.com', 1],
    ['2001:db8::5', '2001:db8::5', null],
    ['[2001:db8::5]', '2001:db8::5', null],
    ['[2001:db8::5]:65535', '2001:db8::5', 65535],
  ] as const)
    assert.deepEqual(parseAdvertised(text), { host, port }, text);
});

test('nothing else is', () => {
  for (const text of [
    ...[
      '',
      ':9527',
      'pbx:',
      'pbx:0',
      'pbx:65536',
      'pbx:9527:1',
      '[pbx]:1',
      '[192.0.2.5]:1',
      '[::1',
    ],
    ...['a b', 'pbx\n', '10.0.0.300', '[::1]9527', 'pbx:+1'],
  ])
    assert.throws(() => parseAdvertised(text), { code: 'RST_CONFIG' }, text);
});
