import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { KernelClock } from '../../src/capture/kernel-clock.ts';

/** 2026 on the wall when the monotonic clock shows 0. */
const WALL_SECONDS = 1_792_000_000;

/** Both clocks as the test sets them; reading the monotonic one takes `readingNs`. */
function clocks() {
  const state = { nowNs: 0, setByNs: 0, readingNs: 0 };
  const wallOf = (nowNs: number) => {
    const ns = nowNs + state.setByNs;
    const seconds = Math.floor(ns / 1e9);
    return { seconds: WALL_SECONDS + seconds, nanoseconds: ns - seconds * 1e9 };
  };
  const clock = new KernelClock(
    () => {
      state.nowNs += state.readingNs;
      return state.nowNs;
    },
    (time) => Object.assign(time, wallOf(state.nowNs)),
  );
  const arrivalOf = ({ seconds, nanoseconds }: ReturnType<typeof wallOf>, emptyNs: number) => [
    clock.arrivalNs(seconds, nanoseconds, emptyNs),
    clock.lagNs,
  ];
  return { state, clock, wallOf, arrivalOf };
}

describe("the kernel's clock", () => {
  test('gives the time of a stamp to the nanosecond, however late it is read', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    const stamp = wallOf(123_456_789);
    state.nowNs = 3e9;
    clock.compare();
    assert.deepEqual(arrivalOf(stamp, 100e6), [123_456_789, 0]);
  });

  test('knows what came after it was compared', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    state.nowNs = 1e9;
    clock.compare();
    state.nowNs = 1.5e9;
    assert.deepEqual(arrivalOf(wallOf(1.4e9), 0.9e9), [1.4e9, 0]);
  });

  for (const setByMs of [3_600_000, -3_600_000, 1000, -1000])
    test(`keeps its times when the wall clock is set by ${setByMs} ms between two passes`, () => {
      const { state, clock, wallOf, arrivalOf } = clocks();
      state.nowNs = 10e9;
      clock.compare();
      const before = wallOf(10.005e9);
      state.setByNs = setByMs * 1e6;
      const behind = wallOf(10.015e9);
      state.nowNs = 10.02e9;
      clock.compare();
      assert.deepEqual(arrivalOf(before, 10e9), [10.005e9, 0]);
      assert.deepEqual(arrivalOf(behind, 10e9), [10.015e9, 0]);
      const next = wallOf(10.03e9);
      state.nowNs = 10.04e9;
      clock.compare();
      assert.deepEqual(arrivalOf(next, 10.02e9), [10.03e9, 0]);
    });

  test('finds that the wall clock was set in the middle of a pass', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    state.nowNs = 10e9;
    clock.compare();
    state.setByNs = -3600e9;
    const stamp = wallOf(10.001e9);
    state.nowNs = 10.002e9;
    assert.deepEqual(arrivalOf(stamp, 9.98e9), [10.001e9, 0]);
  });

  test('says how much earlier it may have been where it was set by too little to tell', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    state.nowNs = 10e9;
    clock.compare();
    const before = wallOf(10.005e9);
    state.setByNs = 4e6;
    state.nowNs = 10.02e9;
    clock.compare();
    assert.deepEqual(arrivalOf(before, 10e9), [10.005e9, 4e6]);
  });

  test('takes a stamp that is of neither time for one of now, with all the doubt there is', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    state.nowNs = 10e9;
    clock.compare();
    state.setByNs = 50e9;
    const between = wallOf(10.005e9);
    state.setByNs = 100e9;
    state.nowNs = 10.02e9;
    clock.compare();
    assert.deepEqual(arrivalOf(between, 10e9), [10.02e9, 0.02e9]);
  });

  test('does not move for a reading that took long', () => {
    const { state, clock, wallOf, arrivalOf } = clocks();
    state.readingNs = 3e6;
    state.nowNs = 10e9;
    clock.compare();
    state.readingNs = 0;
    const stamp = wallOf(9.99e9);
    assert.deepEqual(arrivalOf(stamp, 9.98e9), [9.99e9, 0]);
  });

  test('has only a bound for what carries no stamp', () => {
    const { state, clock } = clocks();
    state.nowNs = 10e9;
    assert.deepEqual([clock.unstampedNs(9.98e9), clock.lagNs], [10e9, 0.02e9]);
  });

  test('is not wrong by more than it says and 50 ms, though the wall clock is set before each pass', () => {
    const step = fc.oneof(
      // So long nothing happens, and then a datagram comes.
      fc.record({
        kind: fc.constant('datagram' as const),
        afterNs: fc.integer({ min: 1000, max: 9e6 }),
      }),
      fc.record({
        kind: fc.constant('set' as const),
        byMs: fc.oneof(
          fc.integer({ min: -10_000_000, max: 10_000_000 }),
          fc.integer({ min: -60, max: 60 }),
        ),
      }),
      fc.record({
        kind: fc.constant('pass' as const),
        afterNs: fc.integer({ min: 1000, max: 9e6 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { state, clock, wallOf, arrivalOf } = clocks();
        let waiting: { cameNs: number; stamp: ReturnType<typeof wallOf> }[] = [];
        let emptyNs = 0;
        // Set there and back before anybody looks, it tells nobody.
        let wasSet = false;
        for (const one of steps) {
          if (one.kind === 'set') {
            if (!wasSet) state.setByNs += one.byMs * 1e6;
            wasSet = true;
          } else state.nowNs += one.afterNs;
          if (one.kind === 'datagram')
            waiting.push({ cameNs: state.nowNs, stamp: wallOf(state.nowNs) });
          if (one.kind !== 'pass') continue;
          clock.compare();
          const readNs = state.nowNs;
          for (const { cameNs, stamp } of waiting) {
            const [ns = 0, lagNs = 0] = arrivalOf(stamp, emptyNs);
            assert.ok(ns <= state.nowNs, 'it is not of the future');
            assert.ok(
              cameNs <= ns + 50e6 && cameNs >= ns - lagNs - 50e6,
              `${ns - cameNs} ${lagNs}`,
            );
          }
          waiting = [];
          wasSet = false;
          emptyNs = readNs;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
