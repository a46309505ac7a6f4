import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTapReply } from '../../src/esl/tap-reply.ts';

describe('an answer to uuid_rst', () => {
  for (const [text, meaning] of [
    ['', 'accepted'],
    ['-ERR no reply\n', 'accepted'],
    ['+OK Success\n', 'accepted'],
    ['-ERR uuid_rst Command not found!\n', 'unknown'],
    ['-ERR No such channel!\n', 'unknown'],
    ['-ERR already running\n', 'running'],
    ['-ERR 50% busy\n', 'refused'],
    ['-USAGE: <uuid> [<ip> <port>]\n', 'refused'],
  ] as const)
    test(`${JSON.stringify(text)} means ${meaning}`, () => {
      assert.equal(parseTapReply(text), meaning);
    });
});
