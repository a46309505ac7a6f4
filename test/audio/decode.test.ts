import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALAW_TO_LINEAR,
  decode,
  decodeG711,
  isBelow,
  isPcmCodec,
  samplesIn,
  ULAW_TO_LINEAR,
} from '../../src/audio/index.ts';

test('only what can be decoded sample by sample is a PCM codec', () => {
  for (const codec of ['PCMU', 'PCMA', 'L16']) assert.equal(isPcmCodec(codec), true);
  for (const codec of ['G729', 'G723', 'pcmu', '', undefined])
    assert.equal(isPcmCodec(codec), false);
});

test('G.711 has a sample a byte, L16 one in two, and half a sample does not count', () => {
  for (const size of [0, 1, 2, 3, 160, 321]) {
    assert.equal(samplesIn('PCMU', size), size);
    assert.equal(samplesIn('PCMA', size), size);
    assert.equal(samplesIn('L16', size), Math.floor(size / 2));
  }
});

test('L16 is little-endian, and its odd last byte is let go', () => {
  const out = new Int16Array(4);
  const bytes = Uint8Array.of(0x01, 0x00, 0xff, 0x7f, 0x00, 0x80, 0xff, 0xff, 0x55);
  decode('L16', bytes, 0, samplesIn('L16', bytes.length), out, 0);
  assert.deepEqual([...out], [1, 32_767, -32_768, -1]);
});

test('a payload is decoded from any offset to any place, and its neighbours stay', () => {
  const codecs = fc.constantFrom('PCMU' as const, 'PCMA' as const, 'L16' as const);
  fc.assert(
    fc.property(
      codecs,
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(9),
      fc.nat(9),
      (codec, payload, start, at) => {
        const bytes = Buffer.concat([Buffer.alloc(start, 0xaa), payload, Buffer.alloc(3, 0xbb)]);
        const count = samplesIn(codec, payload.length);
        const out = new Int16Array(at + count + 2).fill(77);
        decode(codec, bytes, start, count, out, at);
        const view = new DataView(bytes.buffer, bytes.byteOffset + start);
        const expected = Array.from({ length: count }, (_, i) =>
          codec === 'L16'
            ? view.getInt16(2 * i, true)
            : (codec === 'PCMU' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR)[view.getUint8(i)],
        );
        assert.deepEqual([...out.subarray(at, at + count)], expected);
        assert.ok(out.subarray(0, at).every((sample) => sample === 77));
        assert.deepEqual([...out.subarray(at + count)], [77, 77]);
      },
    ),
  );
});

test('two samples at a time G.711 decodes to the same, and its neighbours stay', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('PCMU' as const, 'PCMA' as const),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(9),
      fc.nat(9),
      (codec, codes, start, at) => {
        const bytes = Buffer.concat([Buffer.alloc(start, 0x11), codes, Buffer.alloc(2, 0x11)]);
        const one = new Int16Array(220).fill(77);
        decode(codec, bytes, start, codes.length, one, at);
        const two = new Int16Array(220).fill(77);
        decodeG711(codec, bytes, start, codes.length, two, new Int32Array(two.buffer), at);
        assert.deepEqual(two, one);
      },
    ),
  );
});

test('a packet is below a limit when the magnitude of each of its samples is', () => {
  const bytes = Buffer.from(Int16Array.of(3, -32_768, 32_767, -4, 0).buffer);
  const below = (limit: number, from: number, count: number) =>
    isBelow(limit, 'L16', bytes, from * 2, count);
  assert.deepEqual(
    [below(32_768, 0, 5), below(32_768, 1, 1), below(32_768, 2, 3)],
    [false, false, true],
  );
  assert.deepEqual([below(4, 0, 1), below(3, 0, 1)], [true, false]);
  assert.deepEqual([below(5, 3, 2), below(4, 3, 2), below(1, 4, 1)], [true, false, true]);
  assert.equal(below(1, 0, 0), true);
  const ulaw = (limit: number, ...codes: number[]) =>
    isBelow(limit, 'PCMU', Uint8Array.from(codes), 0, codes.length);
  assert.deepEqual(
    [ulaw(32_125, 0xff, 0), ulaw(32_124, 0xff, 0), ulaw(1, 0xff)],
    [true, false, true],
  );
  assert.equal(isBelow(9, 'PCMA', Uint8Array.of(0xd5, 0x55), 0, 2), true);
  assert.equal(isBelow(8, 'PCMA', Uint8Array.of(0xd5, 0x55), 0, 2), false);
});
