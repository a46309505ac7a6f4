import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Departure, LegSchedule, type Packet } from '../../src/send/leg-schedule.ts';
import { seededRandom } from '../../src/send/random.ts';

const PLAIN: Departure = {
  packetMs: 20,
  packets: 50,
  loss: 0,
  jitterMs: 0,
  reorder: false,
  duplicate: 0,
  burstMs: 0,
  burstEveryMs: 3000,
};

function scheduleOf(departure: Partial<Departure>, seed = 1): Packet[] {
  const schedule = new LegSchedule(
    { ...PLAIN, ...departure },
    seededRandom(seed),
    seededRandom(seed, 1),
  );
  const packets: Packet[] = [];
  for (let packet = schedule.peek(); packet; packet = schedule.peek()) {
    packets.push(packet);
    schedule.shift();
  }
  return packets;
}

describe('the schedule of a leg', () => {
  test('without anything special is one packet after the other', () => {
    const packets = scheduleOf({});
    assert.deepEqual(
      packets,
      Array.from({ length: 50 }, (_, index) => ({
        index,
        atMs: index * 20,
        isLost: false,
        isTwice: false,
      })),
    );
  });

  test('has each packet once, none early, none later than jitter and stall together', () => {
    fc.assert(
      fc.property(
        fc.record({
          packetMs: fc.integer({ min: 1, max: 60 }),
          packets: fc.nat(120),
          loss: fc.double({ min: 0, max: 1, noNaN: true }),
          jitterMs: fc.integer({ min: 0, max: 300 }),
          reorder: fc.boolean(),
          duplicate: fc.double({ min: 0, max: 1, noNaN: true }),
          burstMs: fc.integer({ min: 0, max: 499 }),
          burstEveryMs: fc.integer({ min: 500, max: 1000 }),
        }),
        fc.nat(),
        (departure, seed) => {
          const packets = scheduleOf(departure, seed);
          const indexes = packets.map(({ index }) => index);
          assert.deepEqual(
            indexes.toSorted((a, b) => a - b),
            Array.from({ length: departure.packets }, (_, index) => index),
          );
          if (!departure.reorder)
            assert.deepEqual(
              indexes,
              indexes.toSorted((a, b) => a - b),
            );
          let lastMs = 0;
          for (const { index, atMs } of packets) {
            const lateMs = atMs - index * departure.packetMs;
            assert.ok(lateMs >= 0);
            assert.ok(lateMs <= departure.jitterMs + departure.burstMs + 0.001);
            assert.ok(atMs >= lastMs);
            lastMs = atMs;
          }
          assert.deepEqual(scheduleOf(departure, seed), packets);
        },
      ),
    );
  });

  test('loses the part that was asked for, all or nothing at the ends', () => {
    const lost = (loss: number) =>
      scheduleOf({ loss, packets: 10_000 }).filter(({ isLost }) => isLost).length;
    assert.equal(lost(0), 0);
    assert.equal(lost(1), 10_000);
    assert.ok(Math.abs(lost(0.1) - 1000) < 100);
  });

  test('loses the same packets with and without jitter', () => {
    const lost = (jitterMs: number) =>
      scheduleOf({ loss: 0.2, jitterMs }).map(({ isLost }) => isLost);
    assert.deepEqual(lost(0), lost(50));
  });

  test('sends twice the part that was asked for of what is not lost, with the same loss and jitter', () => {
    const common = { packets: 10_000, loss: 0.2, jitterMs: 30, reorder: true };
    const plain = scheduleOf(common);
    for (const duplicate of [0, 0.1, 1]) {
      const packets = scheduleOf({ ...common, duplicate });
      assert.deepEqual(
        packets.map((packet) => ({ ...packet, isTwice: false })),
        plain,
      );
      const twice = packets.filter(({ isTwice }) => isTwice);
      assert.ok(twice.every(({ isLost }) => !isLost));
      const kept = packets.filter(({ isLost }) => !isLost).length;
      assert.ok(Math.abs(twice.length - duplicate * kept) <= (duplicate % 1 && 100));
    }
  });

  test('stalls once in a period, for the first time after half of one', () => {
    const packets = scheduleOf({ packets: 100, burstMs: 100, burstEveryMs: 1000 });
    const moved = packets.filter(({ index, atMs }) => Math.abs(atMs - index * 20) > 0.001);
    assert.deepEqual(
      moved.map(({ index, atMs }) => [index, Math.round(atMs)]),
      [25, 26, 27, 28, 29, 75, 76, 77, 78, 79].map((index) => [index, index < 50 ? 600 : 1600]),
    );
  });
});
