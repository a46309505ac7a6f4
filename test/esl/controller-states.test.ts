import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  next as nextOfSession,
  type SessionEvent,
  type SessionState,
} from '../../src/esl/session-state.ts';
import {
  isOver,
  next as nextOfTrigger,
  type TriggerEvent,
  type TriggerState,
} from '../../src/esl/trigger-state.ts';
import {
  next as nextOfWatch,
  type WatchEvent,
  type WatchState,
} from '../../src/esl/watch-state.ts';

function walk<S, E>(next: (state: S, event: E) => S, from: S, ...events: E[]): S {
  return events.reduce(next, from);
}

describe('the states of a session', () => {
  const after = (...events: SessionEvent[]) =>
    walk<SessionState, SessionEvent>(nextOfSession, 'idle', ...events);

  test('go round as long as it is lost and tried again', () => {
    assert.equal(after('start', 'logged-in', 'reconciled'), 'ready');
    assert.equal(after('start', 'lost'), 'waiting');
    assert.equal(after('start', 'logged-in', 'refused'), 'refused');
    assert.equal(after('start', 'logged-in', 'reconciled', 'lost', 'retry'), 'connecting');
    assert.equal(after('start', 'refused', 'retry'), 'connecting');
  });

  test('end with closed, and nothing leads out of it', () => {
    assert.equal(after('close', 'start', 'logged-in', 'reconciled', 'lost', 'retry'), 'closed');
  });

  test('leave out no step', () => {
    assert.equal(after('logged-in'), 'idle');
    assert.equal(after('start', 'reconciled'), 'connecting');
    assert.equal(after('start', 'lost', 'lost', 'refused'), 'waiting');
  });
});

describe('the states of a trigger', () => {
  const after = (...events: TriggerEvent[]) =>
    walk<TriggerState, TriggerEvent>(nextOfTrigger, 'idle', ...events);

  test('lead to tapped from wherever INV or DATA comes', () => {
    for (const events of [
      [],
      ['expect'],
      ['ask'],
      ['ask', 'accept'],
      ['ask', 'accept', 'look'],
      ['look', 'adopt'],
      ['explain'],
      ['hang-up'],
    ] as TriggerEvent[][]) {
      assert.equal(after(...events, 'begin'), 'tapped');
      assert.equal(after(...events, 'end'), 'ended');
    }
  });

  test('are over once and for all', () => {
    for (const end of ['begin', 'fail', 'end'] as const) {
      const state = after('ask', end, 'ask', 'look', 'explain', 'begin', 'fail', 'end');
      assert.equal(state, after(end));
      assert.ok(isOver(state));
    }
  });

  test('do nothing more for a call that has hung up', () => {
    for (const event of ['ask', 'look', 'expect', 'accept', 'adopt', 'explain'] as const)
      assert.equal(after('hang-up', event), 'leaving');
  });
});

describe('the states of a channel that is watched', () => {
  const after = (...events: WatchEvent[]) =>
    walk<WatchState, WatchEvent>(nextOfWatch, 'skipped', ...events);

  test('tell what is recorded, what could not be and what was cut off', () => {
    assert.equal(after('record'), 'tapping');
    assert.equal(after('record', 'tapped'), 'tapped');
    assert.equal(after('record', 'failed'), 'failed');
    assert.equal(after('record', 'tapped', 'cut'), 'cut');
    assert.equal(after('record', 'cut', 'record', 'tapped'), 'tapped');
    assert.equal(after('cut'), 'skipped');
  });

  test('stay stopped until somebody wants it recorded', () => {
    assert.equal(after('record', 'tapped', 'stop', 'tapped', 'failed', 'cut'), 'stopped');
    assert.equal(after('stop', 'record'), 'tapping');
  });
});
