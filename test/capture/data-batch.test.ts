import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataBatch } from '../../src/capture/data-batch.ts';

interface Entry {
  callId: number;
  arrivalNs: number;
  lagNs: number;
  datagram: Uint8Array;
}

const entry: fc.Arbitrary<Entry> = fc.record({
  callId: fc.nat(),
  arrivalNs: fc.maxSafeNat(),
  lagNs: fc.nat(),
  datagram: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 0, max: 65_507 }).map((size) => new Uint8Array(size).fill(size)),
  ),
});

/** The way the worker reads it. */
function read({ bytes, entries }: ReturnType<DataBatch['take']>): Entry[] {
  const found: Entry[] = [];
  for (let i = 0; i < entries.length; i += 5) {
    const [callId = -1, arrivalNs = -1, lagNs = -1, start = -1, size = -1] = entries.subarray(
      i,
      i + 5,
    );
    found.push({ callId, arrivalNs, lagNs, datagram: bytes.slice(start, start + size) });
  }
  return found;
}

test('a batch hands over every datagram as it came, in order, and is empty then', () => {
  const batch = new DataBatch();
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (all) => {
      for (const { callId, arrivalNs, lagNs, datagram } of all)
        batch.add(callId, arrivalNs, lagNs, datagram);
      assert.equal(batch.isEmpty, all.length === 0);
      const found = read(batch.take());
      assert.equal(found.length, all.length);
      found.forEach((one, i) => {
        const expected = all[i] as Entry;
        assert.equal(one.callId, expected.callId);
        assert.equal(one.arrivalNs, expected.arrivalNs);
        assert.equal(one.lagNs, expected.lagNs);
        assert.ok(Buffer.from(one.datagram).equals(expected.datagram));
      });
      assert.equal(batch.isEmpty, true);
      assert.equal(batch.take().entries.length, 0);
    }),
  );
});

test('what was taken is not touched by what is added later', () => {
  const batch = new DataBatch();
  const datagram = Uint8Array.of(1, 2, 3);
  batch.add(1, 10, 4, datagram);
  const taken = batch.take();
  datagram.fill(9);
  batch.add(2, 20, 0, Uint8Array.of(7, 7, 7));
  assert.deepEqual([...taken.bytes], [1, 2, 3]);
  assert.deepEqual([...taken.entries], [1, 10, 4, 0, 3]);
  assert.equal(taken.bytes.byteLength, taken.bytes.buffer.byteLength);
});
