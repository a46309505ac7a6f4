import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LinkState, type LinkStateEvent, next } from '../../src/esl/link-state.ts';

const STATES: LinkState[] = ['idle', 'connecting', 'authenticating', 'ready', 'closing', 'closed'];

function after(...events: LinkStateEvent[]): LinkState {
  return events.reduce<LinkState>(next, 'idle');
}

describe('the life of a link', () => {
  test('goes from idle to ready and closed', () => {
    assert.equal(after('start', 'connected', 'accepted'), 'ready');
    assert.equal(after('start', 'connected', 'accepted', 'end', 'gone'), 'closed');
  });

  test('may end anywhere, once, and never goes on then', () => {
    for (const state of STATES) {
      assert.equal(next(state, 'gone'), 'closed');
      assert.equal(next(state, 'end'), state === 'closed' ? 'closed' : 'closing');
    }
    for (const event of ['start', 'connected', 'accepted'] as const)
      for (const state of ['closing', 'closed'] as const) assert.equal(next(state, event), state);
  });

  test('skips nothing', () => {
    assert.equal(after('connected'), 'idle');
    assert.equal(after('start', 'accepted'), 'connecting');
    assert.equal(after('start', 'connected', 'start'), 'authenticating');
  });
});
