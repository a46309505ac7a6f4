import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTapStatus } from '../../src/esl/tap-status.ts';

describe('an answer to rst_status', () => {
  test('lists the taps', () => {
    const tap = { uuid: 'u', destination: '192.0.2.5:9527', state: 'sending' };
    assert.deepEqual(parseTapStatus(`${JSON.stringify({ taps: [tap] })}\n`), [tap]);
    assert.deepEqual(parseTapStatus('{"taps":[]}\n'), []);
  });

  for (const text of [
    '-ERR rst_status Command not found!\n',
    '-ERR there is no memory\n',
    '',
    'null',
    '{"taps":1}',
  ])
    test(`that is ${JSON.stringify(text)} is of another module`, () => {
      assert.equal(parseTapStatus(text), null);
    });

  test('has no taps but those that say where they go', () => {
    assert.deepEqual(parseTapStatus('{"taps":[null,1,{}]}'), []);
  });
});
