import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallState, next } from '../../src/call/index.ts';
import type { CallEvent } from '../../src/call/state.ts';

const ENDS = [
  'bye',
  'hangup',
  'idle',
  'no-media',
  'max-duration',
  'stopped',
  'shutdown',
  'recovered',
  'not-tapped',
  'error',
] as const;

/** What follows each state on each event. */
const TABLE: Record<CallState, Record<CallEvent, CallState>> = {
  inviting: { opened: 'waiting', media: 'active', finished: 'ended', ...onEnd('draining') },
  waiting: { opened: 'waiting', media: 'active', finished: 'ended', ...onEnd('draining') },
  active: { opened: 'active', media: 'active', finished: 'ended', ...onEnd('draining') },
  draining: { opened: 'draining', media: 'draining', finished: 'ended', ...onEnd('draining') },
  ended: { opened: 'ended', media: 'ended', finished: 'ended', ...onEnd('ended') },
};

function onEnd(state: CallState) {
  const row = ENDS.map((event) => [event, state]);
  return Object.fromEntries(row) as Record<(typeof ENDS)[number], CallState>;
}

for (const [state, events] of Object.entries(TABLE) as [CallState, Record<CallEvent, CallState>][])
  test(`every event in "${state}" leads where the table says`, () => {
    for (const [event, expected] of Object.entries(events))
      assert.equal(next(state, event as CallEvent), expected, `${state} on ${event}`);
  });
