import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packet, type PcmCodec } from '../../src/audio/index.ts';
import { RepeatFilter } from '../../src/capture/repeat-filter.ts';

const PACKET_NS = 20e6;
const MS_NS = 1e6;

/** Which of the packets are taken for copies. */
function copiesAmong(
  packets: [atMs: number, payload: number[]][],
  codec: PcmCodec = 'PCMU',
): number[] {
  const filter = new RepeatFilter();
  const packet = new Packet();
  return packets.flatMap(([atMs, payload], i) => {
    const bytes = Uint8Array.from([9, ...payload]);
    Object.assign(packet, { codec, bytes, start: 1, end: bytes.length, arrivalNs: atMs * MS_NS });
    return filter.isCopy(packet, PACKET_NS) ? [i] : [];
  });
}

test('a packet that comes twice is a copy the second time; what repeats on is a tone', () => {
  assert.deepEqual(
    copiesAmong([
      [0, [1, 2]],
      [20, [3, 4]],
      [20.1, [3, 4]],
      [21, [3, 4]],
      [40, [5, 6]],
    ]),
    [2],
  );
});

test('a tone whose packets are all alike is none, at its own pace or in a burst', () => {
  assert.deepEqual(copiesAmong([0, 20, 40, 60].map((ms) => [ms, [1, 2]])), []);
  assert.deepEqual(
    copiesAmong([
      [0, [1, 2]],
      [20, [1, 2]],
      [80, [1, 2]],
      [80, [1, 2]],
      [80, [1, 2]],
    ]),
    [],
  );
});

test('silence is none, however fast it comes', () => {
  assert.deepEqual(copiesAmong([0, 1, 2, 3].map((ms) => [ms, [255, 255, 255]])), []);
});

test('silence of L16 is a sample that repeats, and not a byte', () => {
  const burst = (payload: number[]) => [0, 1, 2, 3].map((ms): [number, number[]] => [ms, payload]);
  assert.deepEqual(copiesAmong(burst([1, 0, 1, 0, 1, 0]), 'L16'), []);
  assert.deepEqual(copiesAmong(burst([0, 0, 0, 0]), 'L16'), []);
  assert.deepEqual(copiesAmong(burst([1, 0, 1, 2, 1, 0]), 'L16'), [1]);
  assert.deepEqual(copiesAmong(burst([1, 0, 1, 0, 1, 0]), 'PCMU'), [1]);
});

test('the same bytes a packet time later, or of another length, are none', () => {
  assert.deepEqual(
    copiesAmong([
      [0, [1, 2]],
      [20, [1, 2]],
      [21, [1, 2, 3]],
      [22, [1, 2]],
    ]),
    [],
  );
});
