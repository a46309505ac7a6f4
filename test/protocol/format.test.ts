import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  codecOf,
  formatControl,
  formatData,
  NO_PAYLOAD_TYPE,
  parseControl,
  payloadTypeOf,
} from '../../src/protocol/index.ts';

const uuids = fc.stringMatching(/^[!-9;-~]{1,128}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const ports = fc.option(fc.record({ readPort: port, writePort: port }, { noNullPrototype: true }));
/** A name as people have it: any text, which at the very end of a datagram has no blanks. */
const names = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((text) => text.replaceAll(':', '').replace(/[\0-\x20]+$/, ''));

test('whatever formatControl writes, parseControl reads back', () => {
  fc.assert(
    fc.property(uuids, names, names, ports, (uuid, caller, callee, pair) => {
      const inv = { kind: 'inv' as const, uuid, caller, callee, ports: pair };
      assert.deepEqual(parseControl(formatControl(inv)), { ...inv, extension: null });
      const ack = { kind: 'ack' as const, uuid, ports: pair };
      assert.deepEqual(parseControl(formatControl(ack)), { ...ack, seq: false });
      const bye = { kind: 'bye' as const, uuid };
      assert.deepEqual(parseControl(formatControl(bye)), bye);
    }),
  );
});

test('the bytes of each message are those of the wire', () => {
  const pair = { readPort: 6004, writePort: 6005 };
  const inv = { kind: 'inv' as const, uuid: 'u', caller: '138', callee: '张三', ports: null };
  assert.equal(formatControl(inv).toString(), 'INV :u:138:张三');
  assert.equal(formatControl({ ...inv, ports: pair }).toString(), 'INV :u:138:张三:6004:6005');
  assert.equal(formatControl({ kind: 'ack', uuid: 'u', ports: null }).toString(), 'ACK :u');
  assert.equal(
    formatControl({ kind: 'ack', uuid: 'u', ports: pair }).toString(),
    'ACK :u:6004:6005',
  );
  assert.equal(formatControl({ kind: 'bye', uuid: 'u' }).toString(), 'BYE :u');
  const payload = Buffer.from('a:b');
  assert.equal(formatData('u', 'R', 0, payload).toString(), 'DATA:u:R:00:3:a:b');
  assert.equal(formatData('u', 'W', 18, payload).toString(), 'DATA:u:W:18:3:a:b');
  assert.equal(formatData('u', 'W', NO_PAYLOAD_TYPE, payload).toString(), 'DATA:u:W::3:a:b');
});

test('a colon in a name does not make a further field', () => {
  const bytes = formatControl({
    kind: 'inv',
    uuid: 'u',
    caller: 'sip:1:2@host',
    callee: ':',
    ports: { readPort: 1, writePort: 2 },
  });
  assert.deepEqual(parseControl(bytes), {
    kind: 'inv',
    uuid: 'u',
    caller: 'sip_1_2@host',
    callee: '_',
    ports: { readPort: 1, writePort: 2 },
    extension: null,
  });
});

test('payload types and codecs name each other', () => {
  const table = { PCMU: 0, G723: 4, PCMA: 8, L16: 10, G729: 18 } as const;
  for (const [codec, type] of Object.entries(table)) {
    assert.equal(codecOf(type), codec);
    assert.equal(payloadTypeOf(codec as keyof typeof table), type);
  }
  for (const type of [NO_PAYLOAD_TYPE, 1, 9, 11, 96, 127]) assert.equal(codecOf(type), undefined);
});
