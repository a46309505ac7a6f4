import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJsonBytes } from '../../src/esl/json-bytes.ts';
import { messagesOf, readTranscript } from './transcript.ts';

describe('parseJsonBytes', () => {
  test('reads the recorded channels', () => {
    const answers = messagesOf(readTranscript('api-replies-fixed').server)
      .map(({ body }) => body)
      .filter((body) => body.toString().startsWith('{'))
      .map((body) => parseJsonBytes(body) as { row_count: number; rows?: { cid_name: string }[] });
    assert.deepEqual(
      answers.map((answer) => answer.row_count),
      [0, 2, 0],
    );
    assert.deepEqual(
      answers[1]?.rows?.map((row) => typeof row.cid_name),
      ['string', 'string'],
    );
  });

  test('reads names in UTF-8, in GBK and with a backslash in their second byte, side by side', () => {
    const json = Buffer.concat([
      Buffer.from('{"utf8": "张三", "gbk": "'),
      Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]),
      // As FreeSWITCH writes 昞 (95 5c): it escapes the second byte.
      Buffer.from('", "backslash": "'),
      Buffer.from([0x95, 0x5c, 0x5c]),
      Buffer.from('", "escaped": "\\u5f20\\n", "number": 3, "none": null}'),
    ]);
    assert.deepEqual(parseJsonBytes(json), {
      utf8: '张三',
      gbk: '张三',
      backslash: '昞',
      escaped: '张\n',
      number: 3,
      none: null,
    });
  });

  test('throws over what is no JSON', () => {
    assert.throws(() => parseJsonBytes(Buffer.from('-ERR no')), SyntaxError);
  });
});
