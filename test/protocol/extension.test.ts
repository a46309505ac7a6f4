import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DataHeader,
  formatControl,
  formatData,
  type InvExtension,
  type ParsedAck,
  type ParsedInv,
  parseControl,
  parseData,
  uuidOf,
} from '../../src/protocol/index.ts';

const U = '7f3c-uuid';
const MOST = 2 ** 32 - 1;
const PORTS = { readPort: 5004, writePort: 5005 };
const NOTHING: InvExtension = { seq: false, ptimeMs: null, rateHz: null, box: null };

const uuids = fc.stringMatching(/^[!-9;-~]{1,128}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const pairs = fc.record({ readPort: port, writePort: port }, { noNullPrototype: true });
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const names = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...':%0aA5,= \r\0é张😀') }));
const extensions: fc.Arbitrary<InvExtension> = fc.record(
  {
    seq: fc.boolean(),
    ptimeMs: fc.option(fc.integer({ min: 1, max: 9999 })),
    rateHz: fc.option(fc.integer({ min: 1, max: 384_000 })),
    box: fc.option(names.filter((text) => text !== '')),
  },
  { noNullPrototype: true },
);
const number32 = fc.oneof(fc.integer({ min: 0, max: MOST }), fc.constantFrom(0, MOST));

function inv(text: string): ParsedInv {
  const message = parseControl(Buffer.from(text));
  assert.ok(message.kind === 'inv', text);
  return message;
}

function ack(text: string): ParsedAck {
  const message = parseControl(Buffer.from(text));
  assert.ok(message.kind === 'ack', text);
  return message;
}

function offered(field: string): InvExtension | null {
  return inv(`INV :${U}:a:b:5004:5005:${field}`).extension;
}

describe('an INV that offers', () => {
  test('is read back as it was written, whatever the names hold', () => {
    fc.assert(
      fc.property(uuids, names, names, pairs, extensions, (uuid, caller, callee, ports, offer) => {
        const message = { kind: 'inv' as const, uuid, caller, callee, ports, extension: offer };
        const bytes = formatControl(message);
        assert.deepEqual(parseControl(bytes), message);
        assert.equal(bytes.filter((byte) => byte === 0x3a).length, 6);
        assert.ok(bytes.every((byte) => byte >= 0x20 && byte !== 0x7f));
      }),
      { numRuns: 1000 },
    );
  });

  test('has the bytes of the wire', () => {
    const extension = { seq: true, ptimeMs: 20, rateHz: 16_000, box: 'fs1' };
    const message = { kind: 'inv' as const, uuid: 'u', caller: 'sip:1%', callee: '张\r三' };
    assert.equal(
      formatControl({ ...message, ports: PORTS, extension }).toString(),
      'INV :u:sip%3A1%25:张%0D三:5004:5005:seq=1,ptime=20,rate=16000,box=fs1',
    );
    assert.equal(
      formatControl({ ...message, ports: PORTS, extension: NOTHING }).toString(),
      'INV :u:sip%3A1%25:张%0D三:5004:5005:seq=0',
    );
    for (const none of [null, undefined])
      assert.equal(
        formatControl({
          ...message,
          ports: PORTS,
          ...(none === null && { extension: none }),
        }).toString(),
        'INV :u:sip_1%:张\r三:5004:5005',
      );
    assert.equal(
      formatControl({ ...message, ports: null, extension }).toString(),
      'INV :u:sip_1%:张\r三',
    );
  });

  test('says what it knows, in any order, and what is no number is not known', () => {
    const all = { seq: true, ptimeMs: 20, rateHz: 16_000, box: 'fs1' };
    assert.deepEqual(offered('seq=1,ptime=20,rate=16000,box=fs1'), all);
    assert.deepEqual(offered('box=fs1,rate=16000,ptime=20,seq=1'), all);
    assert.deepEqual(offered('seq=1\r\n\0'), { ...NOTHING, seq: true });
    for (const field of ['=', 'seq=', 'seq=0', 'seq=11', 'seq=yes', 'Seq=1', 'xseq=1', ' seq=1'])
      assert.deepEqual(offered(field), NOTHING, field);
    for (const value of ['', '0', '-1', '+1', '2.5', '20ms', '1e3', '0x1', '99999999', '１'])
      assert.deepEqual(offered(`ptime=${value},rate=${value},box=`), NOTHING, value);
    assert.deepEqual(offered('box=a=b'), { ...NOTHING, box: 'a=b' });
    assert.deepEqual(offered('box=a%2Cb%20%3A%'), { ...NOTHING, box: 'a,b :%' });
  });

  test('is passed over where it says what is unknown or reserved', () => {
    assert.deepEqual(offered('auth=secret,meta=x,seq=1,later=%3A,,flag'), {
      ...NOTHING,
      seq: true,
    });
    assert.deepEqual(offered('auth=secret,meta=x'), NOTHING);
    assert.ok(!JSON.stringify(inv(`INV :${U}:a:b:1:2:auth=secret,seq=1`)).includes('secret'));
  });

  test('does so in its seventh field, by a =, and with ports only', () => {
    for (const text of [
      `INV :${U}:a=1:b=2`,
      `INV :${U}:a:b:5004:5005`,
      `INV :${U}:a:b:5004:5005:`,
      `INV :${U}:a:b:5004:5005:seq`,
      `INV :${U}:a:b:5004:5005::seq=1`,
      `INV :${U}:a:b:::seq=1`,
    ])
      assert.equal(inv(text).extension, null, text);
    assert.deepEqual(offered('seq=1:more:fields=1'), { ...NOTHING, seq: true });
    assert.equal(
      parseControl(Buffer.from(`INV :${U}:a:b:seq=1`)).kind,
      'malformed',
      'a field that is no port is none, with a = or without',
    );
  });

  test('has its names percent-decoded, and no other INV has', () => {
    const { caller, callee } = inv(`INV :${U}:%e5%BC%a0%3A%25:%41%00:1:2:seq=1`);
    assert.deepEqual([caller, callee], ['张:%', 'A\0']);
    for (const bad of ['%', '%4', '%zz', '%%', '100%', '%4g', '% 41', '%-1', '%é'])
      assert.equal(inv(`INV :${U}:${bad}:b:1:2:seq=1`).caller, bad);
    assert.equal(inv(`INV :${U}:%%41%4:b:1:2:seq=1`).caller, '%A%4');
    assert.match(inv(`INV :${U}:%ff%fe:b:1:2:seq=1`).caller, /^\ufffd+$/);
    for (const text of [`INV :${U}:%41:%42`, `INV :${U}:%41:%42:1:2`, `INV :${U}:%41:%42:1:2:x`]) {
      const plain = inv(text);
      assert.deepEqual([plain.caller, plain.callee], ['%41', '%42'], text);
    }
  });

  test('is a message or malformed, whatever the bytes behind its ports', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        const bytes = Buffer.concat([Buffer.from(`INV :${U}:a%:b:1:2:seq=1,`), rest]);
        const message = parseControl(bytes);
        assert.ok(message.kind === 'inv' && message.extension?.seq === true);
        const { ptimeMs, rateHz } = message.extension;
        for (const number of [ptimeMs, rateHz])
          assert.ok(number === null || (Number.isInteger(number) && number > 0));
      }),
      { numRuns: 500 },
    );
  });
});

describe('an ACK', () => {
  test('that accepts is read back as it was written, with ports and without', () => {
    fc.assert(
      fc.property(uuids, fc.option(pairs), fc.boolean(), (uuid, ports, seq) => {
        const message = { kind: 'ack' as const, uuid, ports, seq };
        assert.deepEqual(parseControl(formatControl(message)), message);
      }),
    );
  });

  test('has the bytes of the wire', () => {
    const text = (ports: typeof PORTS | null, seq?: boolean) =>
      formatControl({
        kind: 'ack',
        uuid: 'u',
        ports,
        ...(seq !== undefined && { seq }),
      }).toString();
    assert.equal(text(PORTS, true), 'ACK :u:5004:5005:seq=1');
    assert.equal(text(null, true), 'ACK :u:::seq=1');
    for (const seq of [false, undefined]) {
      assert.equal(text(PORTS, seq), 'ACK :u:5004:5005');
      assert.equal(text(null, seq), 'ACK :u');
    }
  });

  test('accepts by seq=1 in its fifth field, and by nothing else', () => {
    for (const field of ['seq=1', 'x=2,seq=1', 'seq=1,later=1', 'seq=1\0', 'seq=1:more']) {
      assert.equal(ack(`ACK :${U}:1:2:${field}`).seq, true, field);
      assert.equal(ack(`ACK :${U}:::${field}`).seq, true, field);
    }
    for (const field of ['', 'seq', 'seq=', 'seq=0', 'seq=2', 'seq=10', 'SEQ=1', ':seq=1'])
      assert.equal(ack(`ACK :${U}:1:2:${field}`).seq, false, field);
    assert.equal(ack(`ACK :${U}`).seq, false);
  });
});

describe('numbered DATA', () => {
  const header = new DataHeader();

  test('is read back as it was written', () => {
    const legs = fc.constantFrom('R' as const, 'W' as const);
    const payloads = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(uuids, legs, payloads, number32, number32, (uuid, leg, payload, seq, ts) => {
        const bytes = formatData(uuid, leg, 8, payload, seq, ts);
        assert.equal(parseData(bytes, header), 'data');
        assert.deepEqual(
          [header.seq, header.ts, header.leg, header.payloadType],
          [seq, ts, leg, 8],
        );
        assert.equal(uuidOf(bytes, header), uuid);
        assert.deepEqual(Uint8Array.from(bytes.subarray(header.payloadStart)), payload);
        assert.equal(parseData(formatData(uuid, leg, 8, payload), header), 'data');
        assert.deepEqual([header.seq, header.ts], [-1, -1], 'nothing stays of the one before');
      }),
    );
  });

  test('has the bytes of the wire', () => {
    const payload = Buffer.from('a:b');
    assert.equal(formatData('u', 'R', 0, payload, 7, 1120).toString(), 'DATA:u:R:00:3,7,1120:a:b');
    assert.equal(formatData('u', 'W', -1, payload, 0, 0).toString(), 'DATA:u:W::3,0,0:a:b');
    for (const [seq, ts] of [
      [7, -1],
      [-1, 7],
      [-1, -1],
    ] as const)
      assert.equal(formatData('u', 'R', 0, payload, seq, ts).toString(), 'DATA:u:R:00:3:a:b');
  });

  test('has its numbers where LENGTH is digits,digits,digits of 32 bits, and parses in any case', () => {
    const part = fc.oneof(
      fc.constantFrom('', '0', '007', '160', String(MOST), String(MOST + 1), '1409393512'),
      fc.string({ unit: fc.constantFrom(...'0123456789-+. xé'), maxLength: 12 }),
    );
    const fields = fc
      .array(part, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(','))
      .filter((text) => Buffer.byteLength(text) <= 40);
    fc.assert(
      fc.property(fields, (field) => {
        const bytes = Buffer.from(`DATA:u:R:00:${field}:payload`);
        assert.equal(parseData(bytes, header), 'data', field);
        assert.equal(bytes.toString('latin1', header.payloadStart), 'payload');
        const match = /^\d+,(\d+),(\d+)$/.exec(field);
        const numbers = match ? [Number(match[1]), Number(match[2])] : [];
        const fits = match !== null && numbers.every((number) => number <= MOST);
        assert.deepEqual([header.seq, header.ts], fits ? numbers : [-1, -1], field);
      }),
      { numRuns: 3000 },
    );
  });

  test('reads nothing behind the size it is given', () => {
    const bytes = Buffer.from('DATA:u:R:00:1,2,3:x');
    assert.equal(parseData(bytes, header, 17), 'malformed');
    assert.equal(parseData(bytes, header, 18), 'data');
    assert.deepEqual([header.seq, header.ts, header.payloadStart], [2, 3, 18]);
  });
});
