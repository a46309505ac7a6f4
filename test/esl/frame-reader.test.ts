import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, type FrameResult } from '../../src/esl/frame-reader.ts';
import { messagesOf, readTranscript, TRANSCRIPT_NAMES } from './transcript.ts';

/** All that comes out of these pieces, up to and with what is no message. */
function readAll(pieces: Iterable<Uint8Array>): FrameResult[] {
  const reader = new FrameReader();
  const results: FrameResult[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let result = reader.next(); result.kind !== 'incomplete'; result = reader.next()) {
      results.push(result);
      if (result.kind === 'malformed') return results;
    }
  }
  return results;
}

function cut(bytes: Buffer, places: number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b)];
  return edges.map((start, i) => bytes.subarray(start, edges[i + 1] ?? bytes.length));
}

function* singly(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

/** As text, because comparing thousands of bytes one by one takes long. */
function plain(results: FrameResult[]): unknown[] {
  return results.map((result) =>
    result.kind === 'frame'
      ? { ...result, body: Buffer.from(result.body).toString('latin1') }
      : result,
  );
}

describe('FrameReader', () => {
  for (const name of TRANSCRIPT_NAMES) {
    const { server } = readTranscript(name);
    const expected = messagesOf(server).map(({ contentType, header, body }) => ({
      kind: 'frame',
      contentType,
      replyText: /^Reply-Text: (.*)$/m.exec(header)?.[1] ?? '',
      body: body.toString('latin1'),
    }));

    test(`reads the recording ${name} in one piece, byte by byte and in any pieces`, () => {
      assert.deepEqual(plain(readAll([server])), expected);
      assert.deepEqual(plain(readAll(singly(server))), expected);
      fc.assert(
        fc.property(fc.array(fc.nat(server.length), { maxLength: 60 }), (places) => {
          assert.deepEqual(plain(readAll(cut(server, places))), expected);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('gives every message once it is there in full, and not before', () => {
    const reader = new FrameReader();
    const bytes = Buffer.from('Content-Length: 2\nContent-Type: a\n\nxyContent-Type: b\n\n');
    const kinds = Array.from(singly(bytes), (byte) => {
      reader.push(byte);
      return reader.next().kind;
    });
    const whole = [...kinds.entries()].filter(([, kind]) => kind === 'frame').map(([at]) => at);
    assert.deepEqual(whole, [bytes.indexOf('xy') + 1, bytes.length - 1]);
  });

  test('keeps handed out bodies as they are while more bytes come, read or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(10_000), { maxLength: 40 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
        (bodies, places, readsThen) => {
          const bytes = Buffer.concat(
            bodies.flatMap((body) => [Buffer.from(`Content-Length: ${body.length}\n\n`), body]),
          );
          const reader = new FrameReader();
          const got: Uint8Array[] = [];
          const read = () => {
            const result = reader.next();
            if (result.kind === 'frame') got.push(result.body);
            return result.kind === 'frame';
          };
          for (const [i, piece] of cut(bytes, places).entries()) {
            reader.push(Buffer.from(piece));
            if (readsThen[i % readsThen.length]) read();
          }
          while (read());
          assert.deepEqual(got.map(hex), bodies.map(hex));
        },
      ),
    );
  });

  test('reads 50,000 small messages of one piece', () => {
    const one = 'Content-Type: command/reply\nReply-Text: +OK\n\n';
    assert.equal(readAll([Buffer.from(one.repeat(50_000))]).length, 50_000);
  });

  test('takes a body of 16 MB in small pieces without looking at them again and again', () => {
    const body = Buffer.alloc(16 * 1024 * 1024, 0x0a);
    const bytes = Buffer.concat([Buffer.from(`Content-Length: ${body.length}\n\n`), body]);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) =>
      bytes.subarray(i * 1000, (i + 1) * 1000),
    );
    const [frame, ...more] = readAll(pieces);
    assert.ok(frame?.kind === 'frame' && body.equals(frame.body));
    assert.deepEqual(more, []);
  });

  test('leaves a reply as it is, percent signs and GBK too', () => {
    const head = Buffer.from('Content-Type: command/reply\nReply-Text: -ERR 50% busy %D5 ');
    const bytes = Buffer.concat([head, Buffer.from([0xd5, 0xc5]), Buffer.from('\n\n')]);
    const [frame] = readAll([bytes]);
    assert.ok(frame?.kind === 'frame');
    assert.equal(frame.replyText, '-ERR 50% busy %D5 张');
  });

  test('refuses a Content-Length that is no number or too large, and a header without end', () => {
    const reasons = [
      ['Content-Length: many\n\n', 'sent a Content-Length that is no number: "many"'],
      ['Content-Length: -1\n\n', 'sent a Content-Length that is no number: "-1"'],
      ['Content-Length: \n\n', 'sent a Content-Length that is no number: ""'],
      ['Content-Length: 1e3\n\n', 'sent a Content-Length that is no number: "1e3"'],
      ['Content-Length: 16777217\n\n', 'sent a Content-Length of more than 16777216 bytes'],
      [
        `Content-Length: ${'9'.repeat(400)}\n\n`,
        'sent a Content-Length of more than 16777216 bytes',
      ],
      ['x'.repeat(1024 * 1024 + 2), 'sent a header of more than 1048576 bytes'],
      [`${'x'.repeat(1024 * 1024 + 1)}\n\n`, 'sent a header of more than 1048576 bytes'],
    ] as const;
    for (const [text, reason] of reasons) {
      const bytes = Buffer.from(text);
      const expected = [{ kind: 'malformed', reason }];
      assert.deepEqual(readAll([bytes]), expected);
      assert.deepEqual(readAll(singly(bytes)), expected);
    }
    const longest = Buffer.from(`${'x'.repeat(1024 * 1024)}\n\n`);
    assert.deepEqual(
      readAll([longest]).map(({ kind }) => kind),
      ['frame'],
    );
    assert.deepEqual(
      readAll(singly(longest)).map(({ kind }) => kind),
      ['frame'],
    );
  });

  test('says nothing else after that', () => {
    const reader = new FrameReader();
    reader.push(Buffer.from('Content-Length: x\n\n'));
    const first = reader.next();
    reader.push(Buffer.from('Content-Type: command/reply\n\n'));
    assert.deepEqual(reader.next(), first);
  });

  test('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (pieces) => {
        readAll(pieces);
      }),
    );
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
