import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatControl, isUuid, parseControl } from '../../src/protocol/index.ts';

const KINDS = ['inv', 'ack', 'bye', 'malformed'];
const REASONS = ['too-short', 'unknown-verb', 'bad-uuid', 'bad-field', 'bad-ports'];
const U = '7f3c-uuid';

function parse(text: string) {
  return parseControl(Buffer.from(text));
}

function refused(text: string, reason: string): void {
  assert.deepEqual(parse(text), { kind: 'malformed', reason }, JSON.stringify(text));
}

/** What any answer promises, whatever the bytes were. */
function assertAnswer(bytes: Uint8Array): void {
  const message = parseControl(bytes);
  assert.ok(KINDS.includes(message.kind));
  if (message.kind === 'malformed') {
    assert.ok(REASONS.includes(message.reason), message.reason);
    return;
  }
  assert.ok(isUuid(message.uuid), JSON.stringify(message.uuid));
  if (message.kind === 'bye' || message.ports === null) return;
  for (const port of [message.ports.readPort, message.ports.writePort])
    assert.ok(Number.isInteger(port) && port >= 1 && port <= 65_535, String(port));
}

const WHOLE = [
  `INV :${U}:13800001111:9210`,
  `INV :${U}:张三:9210:30000:30002`,
  `ACK :${U}:6004:6005`,
  `BYE :${U}`,
].map((text) => Buffer.from(text));

describe('parseControl', () => {
  test('reads the forms of INV, ACK and BYE', () => {
    const ports = { readPort: 5004, writePort: 5005 };
    assert.deepEqual(parse(`INV :${U}:a:b`), {
      kind: 'inv',
      uuid: U,
      caller: 'a',
      callee: 'b',
      ports: null,
      extension: null,
    });
    assert.deepEqual(parse(`INV :${U}:a:b:5004:5005`), {
      kind: 'inv',
      uuid: U,
      caller: 'a',
      callee: 'b',
      ports,
      extension: null,
    });
    assert.deepEqual(parse(`ACK :${U}`), { kind: 'ack', uuid: U, ports: null, seq: false });
    assert.deepEqual(parse(`ACK :${U}:5004:5005`), { kind: 'ack', uuid: U, ports, seq: false });
    assert.deepEqual(parse(`BYE :${U}`), { kind: 'bye', uuid: U });
  });

  test('answers any bytes at all with a message or a documented reason', () => {
    const prefixes = fc.constantFrom(
      '',
      'INV :',
      'INV :u:',
      'INV :u:a:b:',
      'ACK :u:',
      'BYE :',
      ':',
    );
    fc.assert(
      fc.property(prefixes, fc.uint8Array({ maxLength: 300 }), (prefix, rest) => {
        assertAnswer(Buffer.concat([Buffer.from(prefix), rest]));
      }),
      { numRuns: 1000 },
    );
  });

  test('answers a damaged or cut message with a message or a documented reason', () => {
    const damage = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...WHOLE), damage, fc.nat(80), (whole, changes, size) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        assertAnswer(bytes.subarray(0, size));
      }),
      { numRuns: 1000 },
    );
    for (const whole of WHOLE)
      for (let size = 0; size <= whole.length; size++) assertAnswer(whole.subarray(0, size));
  });

  test('lets a trailing NUL, CR or LF go, however many', () => {
    for (const end of ['\0', '\r', '\n', '\r\n', '\0\0\0', ' \r\n\0']) {
      const ends = JSON.stringify(end);
      assert.deepEqual(parse(`BYE :${U}${end}`), { kind: 'bye', uuid: U }, ends);
      assert.deepEqual(parse(`ACK :${U}:1:2${end}`), parse(`ACK :${U}:1:2`), ends);
      assert.deepEqual(parse(`INV :${U}:a:b${end}`), parse(`INV :${U}:a:b`), ends);
      assert.deepEqual(parse(`INV :${U}:a:b:1:2${end}`), parse(`INV :${U}:a:b:1:2`), ends);
    }
  });

  test('takes a verb with more spaces or none', () => {
    for (const verb of ['INV', 'INV ', 'INV  ', 'INV     '])
      assert.deepEqual(parse(`${verb}:${U}:a:b`), parse(`INV :${U}:a:b`), `"${verb}"`);
    assert.deepEqual(parse(`BYE   :${U}`), { kind: 'bye', uuid: U });
  });

  test('passes over fields behind the last one it knows', () => {
    assert.deepEqual(parse(`INV :${U}:a:b:1:2:more:seq=1::`), parse(`INV :${U}:a:b:1:2`));
    assert.deepEqual(parse(`ACK :${U}:1:2:more:seq=1`), parse(`ACK :${U}:1:2`));
    assert.deepEqual(parse(`ACK :${U}:::more`), parse(`ACK :${U}`));
    assert.deepEqual(parse(`BYE :${U}:whatever:else`), parse(`BYE :${U}`));
  });

  test('wants two ports of 1 to 65535, or none', () => {
    assert.deepEqual(parse(`INV :${U}:a:b::`), parse(`INV :${U}:a:b`));
    const wrong = [
      '0',
      '65536',
      '99999',
      '123456',
      '005004',
      '-1',
      '+1',
      ' 1',
      '1 ',
      '1.0',
      '0x1',
      'x',
      '１',
    ];
    for (const port of wrong) {
      refused(`INV :${U}:a:b:${port}:5005`, 'bad-ports');
      refused(`INV :${U}:a:b:5004:${port}:`, 'bad-ports');
      refused(`ACK :${U}:${port}:5005`, 'bad-ports');
    }
    refused(`INV :${U}:a:b:5004`, 'bad-ports');
    refused(`INV :${U}:a:b:5004:`, 'bad-ports');
    refused(`INV :${U}:a:b::5005`, 'bad-ports');
    assert.deepEqual(parse(`ACK :${U}:1:65535`), {
      kind: 'ack',
      uuid: U,
      ports: { readPort: 1, writePort: 65_535 },
      seq: false,
    });
  });

  test('wants a UUID of 1 to 128 printable characters', () => {
    const longest = 'u'.repeat(128);
    assert.deepEqual(parse(`BYE :${longest}`), { kind: 'bye', uuid: longest });
    for (const verb of ['INV ', 'ACK ', 'BYE ']) {
      refused(`${verb}:${longest}u:a:b`, 'bad-uuid');
      for (const uuid of ['', 'a b', ' a', 'a\tb', 'a\0b', 'a\x7f', 'é', '张', '\ufeff'])
        refused(`${verb}:${uuid}:a:b`, 'bad-uuid');
    }
  });

  test('wants CALLER and CALLEE in an INV, but both may be empty', () => {
    refused(`INV :${U}`, 'bad-field');
    refused(`INV :${U}:a`, 'bad-field');
    assert.deepEqual(parse(`INV :${U}::`), {
      kind: 'inv',
      uuid: U,
      caller: '',
      callee: '',
      ports: null,
      extension: null,
    });
  });

  test('makes U+FFFD of what is not UTF-8 in a name', () => {
    const gbk = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]);
    const bytes = Buffer.concat([Buffer.from(`INV :${U}:`), gbk, Buffer.from(':b')]);
    const message = parseControl(bytes);
    assert.equal(message.kind, 'inv');
    assert.match(message.kind === 'inv' ? message.caller : '', /^\ufffd+$/);
  });

  test('refuses what is short, long or of another verb', () => {
    for (const text of ['', 'I', 'BYE :']) refused(text, 'too-short');
    refused(`INV :${U}:${'a'.repeat(2048)}:b`, 'bad-field');
    for (const verb of ['inv ', 'INVITE', 'DATA', 'HELO', '', ' INV'])
      refused(`${verb}:${U}:a:b`, 'unknown-verb');
    refused('no colon anywhere', 'unknown-verb');
  });
});

describe('isUuid', () => {
  test('agrees with the parser on every single character', () => {
    for (let code = 0; code < 0x180; code++) {
      const uuid = `a${String.fromCharCode(code)}b`;
      const message = parseControl(formatControl({ kind: 'bye', uuid }));
      assert.equal(message.kind === 'bye' && message.uuid === uuid, isUuid(uuid), `code ${code}`);
    }
  });
});
