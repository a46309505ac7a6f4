import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTapReply } from '../../src/esl/tap-reply.ts';

describe('an answer to uuid_rst', () => {
  for (const [text, meaning] of [
    ['', 'accepted'],
    ['-ERR no reply\n', 'accepted'],
    ['+OK Success\n', 'accepted'],
    ['+OK u is tapped to 192.0.2.5:9527\n', 'accepted'],
    ['-ERR no such channel\n', 'unknown'],
    ['-ERR cannot be tapped: its media bypasses FreeSWITCH\n', 'refused'],
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
