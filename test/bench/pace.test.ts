import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pace, rampMs } from '../../bench/load/pace.ts';

const CALLS = 50;
const PACKET_MS = 20;

/** Runs from `fromMs` on; returns how often each call had its turn until then. */
function turnsOf(pace: Pace, fromMs: number, untilMs: number, stepMs = 0.25): number[] {
  const turns: number[] = new Array(CALLS).fill(0);
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += stepMs)
    while (pace.dueMs <= nowMs)
      pace.group(nowMs, (call) => {
        turns[call] = (turns[call] as number) + 1;
      });
  return turns;
}

describe('packets leave at an even pace', () => {
  test('each call once in 20 ms, once all have begun', () => {
    const pace = new Pace(CALLS);
    pace.start(1000);
    const startMs = 1000 + rampMs(CALLS);
    const begun = turnsOf(pace, 1000, startMs);
    assert.ok((begun[0] as number) > (begun[CALLS - 1] as number), 'one begins behind the other');
    assert.deepEqual(turnsOf(pace, startMs, startMs + 10 * PACKET_MS), new Array(CALLS).fill(10));
  });

  test('what is due at a time is a part of the calls', () => {
    const pace = new Pace(CALLS);
    pace.start(0);
    const startMs = rampMs(CALLS);
    turnsOf(pace, 0, startMs);
    for (let nowMs = startMs; nowMs < startMs + PACKET_MS; nowMs++) {
      const calls = turnsOf(pace, nowMs, nowMs + 0.5, 1).reduce((sum, turns) => sum + turns, 0);
      assert.ok(calls <= CALLS / 10, `${calls} calls at once`);
    }
  });

  test('after a pause what was missed follows, and nothing more, and the delay is told', () => {
    const pace = new Pace(CALLS);
    pace.start(0);
    const startMs = rampMs(CALLS);
    turnsOf(pace, 0, startMs);
    pace.takeLateness();
    const late = turnsOf(pace, startMs + 5 * PACKET_MS - 0.01, startMs + 5 * PACKET_MS);
    assert.deepEqual(late, new Array(CALLS).fill(5));
    assert.ok(Math.abs(pace.takeLateness().maxMs - 5 * PACKET_MS) < 1);
  });
});
