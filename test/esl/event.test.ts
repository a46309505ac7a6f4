import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EslEvent } from '../../src/esl/index.ts';
import { eventBodies } from './transcript.ts';

const NAME = '张三';

function only(transcript: string, eventName: string): EslEvent {
  const [body] = eventBodies(transcript, eventName);
  assert.ok(body, `${transcript} has no ${eventName}`);
  return EslEvent.parse(body);
}

function parse(...lines: string[]): EslEvent {
  return EslEvent.parse(Buffer.from(lines.join('\n'), 'latin1'));
}

function encode(text: string | Uint8Array): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&');
}

describe('EslEvent', () => {
  test('reads a recorded CHANNEL_ANSWER, whatever is asked for first', () => {
    const wanted = {
      'Event-Name': 'CHANNEL_ANSWER',
      'FreeSWITCH-IPv6': '::1',
      'Event-Date-GMT': /^Fri, 20 Nov 2026 \d\d:\d\d:\d\d GMT$/,
      'Call-Direction': 'inbound',
      'Caller-Caller-ID-Name': NAME,
      'Caller-Caller-ID-Number': '13800001111',
      'Caller-Destination-Number': '9210',
      variable_sofia_profile_name: 'internal',
    };
    for (const names of [Object.keys(wanted), Object.keys(wanted).reverse()]) {
      const event = only('plain-inbound-call', 'CHANNEL_ANSWER');
      for (const name of names) {
        const value = wanted[name as keyof typeof wanted];
        if (typeof value === 'string') assert.equal(event.get(name), value);
        else assert.match(event.get(name) ?? '', value);
      }
      assert.equal(event.get('Hangup-Cause'), undefined);
      assert.equal(event.get(''), undefined);
      assert.equal(event.name, 'CHANNEL_ANSWER');
    }
  });

  test('reads a name in GBK and the same name in UTF-8', () => {
    for (const transcript of ['plain-inbound-call', 'plain-gbk-name'])
      for (const name of ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_HANGUP_COMPLETE'])
        assert.equal(only(transcript, name).get('Caller-Caller-ID-Name'), NAME);
  });

  test('reads what a caller can call himself', () => {
    const value = (text: string) => parse('Event-Name: X', `Name: ${text}`, '', '').get('Name');
    for (const name of [
      '-ERR 50% busy',
      'a: b',
      '../../etc/passwd',
      'x\r\ny\0',
      '%',
      '%4',
      '😀 %zz',
    ])
      assert.equal(value(encode(name)), name);
    assert.equal(value('50% busy'), '50% busy');
    assert.equal(value('%4'), '%4');
    assert.equal(value('%4%41'), '%4A');
    assert.equal(value('100%'), '100%');
    assert.equal(value('a+b'), 'a+b');
    assert.equal(value(''), '');
    assert.equal(value(encode(Buffer.from([0xff, 0xfe]))), 'ÿþ');
    assert.equal(value('\xd5\xc5\xc8\xfd'), NAME, 'bytes that nobody encoded');
    assert.equal(value(encode('\ufeffx')), '\ufeffx');
    const long = '长'.repeat(10_000);
    assert.equal(value(encode(long)), long);
  });

  test('takes the first where a header is there twice, and shows both', () => {
    const event = only('plain-inbound-call', 'CHANNEL_HANGUP_COMPLETE');
    assert.equal(event.get('Hangup-Cause'), 'NORMAL_CLEARING');
    const causes = [...event.headers()].filter(([name]) => name === 'Hangup-Cause');
    assert.deepEqual(
      causes.map(([, value]) => value),
      ['NORMAL_CLEARING', 'NORMAL_CLEARING'],
    );
    assert.equal(parse('Event-Name: X', 'a: 1', 'a: 2', '', '').get('a'), '1');
  });

  test('tells names apart that are alike', () => {
    const event = parse('ab: 1', 'cb: 2', 'a:b: 3', 'ab c: 4', 'no header', ': 5', 'last: 6');
    assert.deepEqual(
      ['cb', 'ab', 'a:b', 'ab c', 'last', 'bb', 'a', 'no header'].map((name) => event.get(name)),
      ['2', '1', '3', '4', '6', undefined, undefined, undefined],
    );
  });

  test('reads the result of a job by its bytes, and none where there is none', () => {
    const results = eventBodies('bgapi-replies-prebuilt', 'BACKGROUND_JOB').map(
      (body) => EslEvent.parse(body).body,
    );
    assert.deepEqual(results.slice(0, 2), ['', '-ERR uuid_rst Command not found!\n']);
    assert.equal(results.filter((result) => result === 'true').length, 3);
    assert.match(results.find((result) => result.startsWith('UP')) ?? '', /\n$/);

    const chinese = `Event-Name: BACKGROUND_JOB\nContent-Length: 6\n\n${NAME}and no more`;
    assert.equal(EslEvent.parse(Buffer.from(chinese)).body, NAME);
    assert.equal(parse('Event-Name: X', 'Content-Length: 9', '', 'short').body, 'short');
    assert.equal(parse('Event-Name: X', 'Content-Length: x', '', 'body').body, '');
    assert.equal(parse('Event-Name: X', 'Content-Length: -1', '', 'body').body, '');
    assert.equal(parse('Event-Name: X', 'Content-Length: 4').body, '');
  });

  test('never takes a body for headers', () => {
    const event = parse('Event-Name: X', 'Content-Length: 8', '', 'Name: me');
    assert.equal(event.get('Name'), undefined);
    assert.equal(event.body, 'Name: me');
    assert.equal([...event.headers()].length, 2);
  });

  test('knows channel variables and kinds of CUSTOM', () => {
    const event = parse(
      'Event-Name: CUSTOM',
      'Event-Subclass: sofia%3A%3Aregister',
      'variable_a: 1',
    );
    assert.equal(event.subclass, 'sofia::register');
    assert.deepEqual([...event.variables(['b', 'a'])], [['a', '1']]);
    assert.equal(parse('Event-Name: X').subclass, undefined);
  });

  test('shows every header of a recorded event in its order', () => {
    const [body] = eventBodies('plain-gbk-name', 'CHANNEL_ANSWER');
    assert.ok(body);
    const lines = body.toString('latin1').trimEnd().split('\n');
    const headers = [...EslEvent.parse(body).headers()];
    assert.deepEqual(
      headers.map(([name]) => name),
      lines.map((line) => line.split(': ')[0]),
    );
    for (const [name, value] of headers) assert.equal(EslEvent.parse(body).get(name), value, name);
  });

  test('gives back any header that was encoded, in any order of asking', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '_', ':', '1'), minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, fc.string({ unit: 'binary' })), { minLength: 1 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (headers, order) => {
          const lines = headers.map(([key, value]) => `${key}: ${encode(value)}`);
          const event = EslEvent.parse(Buffer.from(`${lines.join('\n')}\n\n`));
          for (const place of order) {
            const [key] = headers[place % headers.length] as [string, string];
            const first = headers.find(([other]) => other === key);
            assert.equal(event.get(key), Buffer.from(first?.[1] ?? '').toString());
          }
        },
      ),
    );
  });

  test('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('\n', ':', ' ', '%', 'a', 'F', '\xff', 'Content-Length: 3'),
        }),
        (text) => {
          const event = EslEvent.parse(Buffer.from(text, 'latin1'));
          assert.equal(typeof event.name + typeof event.body, 'stringstring');
          for (const [key] of event.headers()) assert.notEqual(event.get(key), undefined);
        },
      ),
    );
  });
});
