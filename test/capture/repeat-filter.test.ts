import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepeatFilter } from '../../src/capture/repeat-filter.ts';

const PACKET_NS = 20e6;
const MS_NS = 1e6;

/** Which of the packets are taken for copies. */
function copiesAmong(packets: [atMs: number, payload: number[]][]): number[] {
  const filter = new RepeatFilter();
  return packets.flatMap(([atMs, payload], i) => {
    const bytes = Uint8Array.from([9, ...payload]);
    return filter.isCopy(bytes, 1, bytes.length, atMs * MS_NS, PACKET_NS) ? [i] : [];
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
