import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { overdue, silentThough } from '../../src/call/idle-clock.ts';
import type { CallState } from '../../src/call/index.ts';

const MS = 1e6;
const LIMITS = { idleTimeoutMs: 60_000, noMediaTimeoutMs: 30_000, maxDurationMs: 0 };
const START_NS = 5e9;

function at(state: CallState, ageMs: number, lastMs = -1, limits = LIMITS) {
  const lastArrivalNs = lastMs < 0 ? -1 : START_NS + lastMs * MS;
  const call = { state, startNs: START_NS, lastArrivalNs, vouchedNs: -1, hangup: null };
  return overdue(call, limits, START_NS + ageMs * MS);
}

test('a call without a packet is over after no_media_timeout, to the millisecond', () => {
  for (const state of ['inviting', 'waiting'] as const) {
    assert.equal(at(state, 29_999), null);
    assert.deepEqual(at(state, 30_000), {
      reason: 'no-media',
      words: 'no packet within 30 s of the INV',
      atNs: START_NS + 30_000 * MS,
    });
  }
});

test('a call with packets is idle when none has come for idle_timeout', () => {
  assert.equal(at('active', 159_999, 100_000), null);
  assert.deepEqual(at('active', 160_000, 100_000), {
    reason: 'idle',
    words: 'no packet for 60 s and no BYE',
    atNs: null,
  });
  assert.equal(at('active', 1e9, 1e9 - 1), null);
});

test('max_duration ends a call however busy it is, and 0 never does', () => {
  const limits = { ...LIMITS, maxDurationMs: 1500 };
  assert.equal(at('active', 1499, 1499, limits), null);
  assert.deepEqual(at('active', 1500, 1500, limits), {
    reason: 'max-duration',
    words: 'calls.max_duration (1.5 s) is over',
    atNs: START_NS + 1500 * MS,
  });
  assert.equal(at('waiting', 1500, -1, limits)?.reason, 'max-duration');
  assert.equal(at('active', 1e12, 1e12, LIMITS), null);
});

test('silence counts from when the box last said that the channel lives', () => {
  const call = { state: 'active' as CallState, startNs: START_NS, hangup: null };
  const vouchedNs = START_NS + 500_000 * MS;
  const at = (lastArrivalNs: number, nowMs: number, state: CallState = 'active') =>
    overdue({ ...call, state, lastArrivalNs, vouchedNs }, LIMITS, START_NS + nowMs * MS)?.reason;
  assert.equal(at(START_NS, 559_999), undefined);
  assert.equal(at(START_NS, 560_000), 'idle');
  assert.equal(at(START_NS + 520_000 * MS, 560_000), undefined);
  assert.equal(at(-1, 529_999, 'waiting'), undefined);
  assert.equal(at(-1, 530_000, 'waiting'), 'no-media');
});

test('a call is over a second after its channel has hung up, whatever comes', () => {
  const call = { state: 'active' as const, startNs: START_NS, vouchedNs: START_NS + 9e9 };
  const hungUp = (cause: string | null, nowNs: number, isHeard = true) => {
    const hangup = { atNs: START_NS + 8e9, cause, isHeard };
    return overdue({ ...call, hangup, lastArrivalNs: nowNs }, LIMITS, nowNs);
  };
  assert.equal(hungUp('USER_BUSY', START_NS + 9e9 - 1), null);
  assert.deepEqual(hungUp('USER_BUSY', START_NS + 9e9), {
    reason: 'hangup',
    words: 'the channel hung up (USER_BUSY) and no BYE came',
    atNs: START_NS + 8e9,
  });
  assert.equal(hungUp(null, START_NS + 9e9)?.words, 'the channel hung up and no BYE came');
  // It was some time before anybody knew, and its last packet was before that.
  assert.equal(hungUp(null, START_NS + 9e9, false)?.atNs, null);
});

test('only a call that waits for media is silent though its channel lives', () => {
  const call = { startNs: START_NS, lastArrivalNs: -1, vouchedNs: START_NS + 9e12, hangup: null };
  const said = (state: CallState, ageMs: number) =>
    silentThough({ ...call, state }, LIMITS, START_NS + ageMs * MS);
  assert.equal(said('waiting', 29_999), null);
  assert.match(
    said('waiting', 30_000) ?? '',
    /^no packet within 30 s of the INV; the call is kept/,
  );
  for (const state of ['inviting', 'active', 'draining', 'ended'] as const)
    assert.equal(said(state, 1e9), null);
});

test('a call whose end is decided is never overdue', () => {
  const limits = fc.record({
    idleTimeoutMs: fc.nat(1e6),
    noMediaTimeoutMs: fc.nat(1e6),
    maxDurationMs: fc.nat(1e6),
  });
  fc.assert(
    fc.property(
      fc.constantFrom('draining' as const, 'ended' as const),
      fc.nat(1e9),
      limits,
      (state, ageMs, some) => {
        assert.equal(at(state, ageMs, -1, some), null);
        assert.equal(at(state, ageMs, 0, some), null);
      },
    ),
  );
});
