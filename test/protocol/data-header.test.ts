import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DataHeader,
  formatData,
  isData,
  NO_PAYLOAD_TYPE,
  parseData,
  uuidEquals,
  uuidOf,
} from '../../src/protocol/index.ts';

const RESULTS = ['data', 'not-data', 'malformed'];
const HEAD = new TextEncoder();

/** Every printable ASCII character but the colon. */
const uuids = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .map((code) => String.fromCharCode(code).replace(':', '-')),
  minLength: 1,
  maxLength: 128,
});
const legs = fc.constantFrom('R' as const, 'W' as const);
const payloadTypes = fc.oneof(fc.constant(NO_PAYLOAD_TYPE), fc.integer({ min: 0, max: 127 }));
const payloads = fc.uint8Array({ maxLength: 400 });
const valid = fc
  .tuple(uuids, legs, payloadTypes, payloads)
  .map(([uuid, leg, type, payload]) => formatData(uuid, leg, type, payload));

function parse(bytes: Uint8Array, size?: number) {
  const header = new DataHeader();
  const result = parseData(bytes, header, size);
  return { result, header };
}

function parseText(text: string) {
  return parse(HEAD.encode(text)).result;
}

/** What every 'data' answer promises of its header, whatever the bytes. */
function assertHeader(bytes: Uint8Array, header: DataHeader, size: number): void {
  const uuid = uuidOf(bytes, header);
  assert.match(uuid, /^[!-9;-~]{1,128}$/);
  assert.ok(header.leg === 'R' || header.leg === 'W');
  assert.ok(header.payloadType === NO_PAYLOAD_TYPE || header.payloadType >= 0);
  assert.ok(header.payloadStart > header.uuidEnd && header.payloadStart <= size);
  assert.equal(bytes[header.payloadStart - 1], 0x3a);
  assert.ok(uuidEquals(bytes, header, HEAD.encode(uuid)));
}

describe('parseData', () => {
  test('reads back what formatData wrote, whatever the payload holds', () => {
    fc.assert(
      fc.property(uuids, legs, payloadTypes, payloads, (uuid, leg, payloadType, payload) => {
        const bytes = formatData(uuid, leg, payloadType, payload);
        const { result, header } = parse(bytes);
        assert.equal(result, 'data');
        assert.equal(uuidOf(bytes, header), uuid);
        assert.equal(header.leg, leg);
        assert.equal(header.payloadType, payloadType);
        assert.deepEqual(Uint8Array.from(bytes.subarray(header.payloadStart)), payload);
      }),
    );
  });

  test('takes a payload of nothing but colons, and an empty one', () => {
    for (const payload of [HEAD.encode('::::'), new Uint8Array(0)]) {
      const bytes = formatData('u', 'W', 0, payload);
      const { result, header } = parse(bytes);
      assert.equal(result, 'data');
      assert.deepEqual(Uint8Array.from(bytes.subarray(header.payloadStart)), payload);
    }
  });

  test('answers any bytes at all with one of its three results', () => {
    const prefixes = fc.constantFrom('', 'D', 'DATA', 'DATA:', 'DATA:u:R:', 'DATA:u:W:08:160:');
    fc.assert(
      fc.property(prefixes, fc.uint8Array({ maxLength: 300 }), (prefix, rest) => {
        const bytes = Buffer.concat([HEAD.encode(prefix), rest]);
        const { result, header } = parse(bytes);
        assert.ok(RESULTS.includes(result));
        assert.equal(result === 'not-data', !isData(bytes));
        if (result === 'data') assertHeader(bytes, header, bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('answers a damaged datagram with one of its three results', () => {
    const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(valid, damage, (whole, changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { result, header } = parse(bytes);
        assert.ok(RESULTS.includes(result));
        if (result === 'data') assertHeader(bytes, header, bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('refuses a datagram cut anywhere in its header and takes one cut in its payload', () => {
    fc.assert(
      fc.property(valid, (whole) => {
        const { header } = parse(whole);
        for (let size = 0; size <= whole.length; size++) {
          const expected =
            size < 4 ? 'not-data' : size < header.payloadStart ? 'malformed' : 'data';
          assert.equal(parse(whole.subarray(0, size)).result, expected, `cut at ${size}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('sees nothing beyond the size it is given', () => {
    fc.assert(
      fc.property(valid, fc.nat(600), fc.uint8Array({ maxLength: 40 }), (whole, at, behind) => {
        const size = Math.min(at, whole.length);
        const buffer = Buffer.concat([whole.subarray(0, size), behind, HEAD.encode('::::::')]);
        const inLarger = parse(buffer, size);
        const alone = parse(whole.subarray(0, size));
        assert.equal(inLarger.result, alone.result);
        if (alone.result === 'data') assert.deepEqual(inLarger.header, alone.header);
      }),
    );
  });

  test('passes over whatever LENGTH says', () => {
    for (const length of ['', '0', '1409393512', '-1', '160 ', 'xyz', '160,7,1120']) {
      const bytes = HEAD.encode(`DATA:u:R:00:${length}:payload`);
      const { result, header } = parse(bytes);
      assert.equal(result, 'data', length);
      assert.equal(Buffer.from(bytes.subarray(header.payloadStart)).toString(), 'payload');
    }
    assert.equal(parseText(`DATA:u:R:00:${'1'.repeat(60)}:payload`), 'malformed');
  });

  test('takes an empty payload type as none, and one to three digits as a number', () => {
    for (const [field, expected] of [
      ['', NO_PAYLOAD_TYPE],
      ['0', 0],
      ['00', 0],
      ['08', 8],
      ['18', 18],
      ['127', 127],
    ] as const) {
      const { result, header } = parse(HEAD.encode(`DATA:u:R:${field}:160:x`));
      assert.equal(result, 'data', field);
      assert.equal(header.payloadType, expected);
    }
    for (const field of ['1234', '-1', ' 8', '8 ', 'PCMU', '0x', '８'])
      assert.equal(parseText(`DATA:u:R:${field}:160:x`), 'malformed', field);
  });

  test('takes a UUID of 1 to 128 printable bytes and no other', () => {
    assert.equal(parseText(`DATA:${'u'.repeat(128)}:R:00:1:x`), 'data');
    assert.equal(parseText('DATA:~!:R:00:1:x'), 'data');
    for (const uuid of ['', 'u'.repeat(129), 'a b', 'a\tb', 'a\0', 'a\x7f', 'é', 'a\n'])
      assert.equal(parseText(`DATA:${uuid}:R:00:1:x`), 'malformed', JSON.stringify(uuid));
  });

  test('knows the legs R and W only', () => {
    for (const leg of ['', 'r', 'w', 'X', 'RW', ' R', 'R '])
      assert.equal(parseText(`DATA:u:${leg}:00:1:x`), 'malformed', leg);
  });

  test('tolerates spaces behind the verb and nothing else there', () => {
    assert.equal(parseText('DATA  :u:R:00:1:x'), 'data');
    assert.equal(parseText('DATAX:u:R:00:1:x'), 'malformed');
    assert.equal(parseText('DATA'), 'malformed');
    assert.equal(parseText('data:u:R:00:1:x'), 'not-data');
    assert.equal(parseText('BYE :u'), 'not-data');
  });
});

describe('uuidEquals', () => {
  test('is true for the very same bytes only', () => {
    fc.assert(
      fc.property(uuids, uuids, (mine, other) => {
        const bytes = formatData(mine, 'R', 0, new Uint8Array(3));
        const { header } = parse(bytes);
        assert.equal(uuidEquals(bytes, header, HEAD.encode(mine)), true);
        assert.equal(uuidEquals(bytes, header, HEAD.encode(other)), mine === other);
        assert.equal(uuidEquals(bytes, header, HEAD.encode(`${mine}x`)), false);
      }),
    );
  });
});
