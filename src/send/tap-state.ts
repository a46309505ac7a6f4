/**
 * The life of one call.
 *
 *     inviting ──started──► sending ──played, stopped──► ending ──acked, gave-up──► ended
 *         │                    └──ended-by-server───────────────────────────────────► │
 *         └──gave-up, ended-by-server───────────────────────────────────────────────► │
 *
 * `stopped` while inviting says BYE as well: the server may have the INV, and only its ACK got lost.
 */
export type TapState = 'inviting' | 'sending' | 'ending' | 'ended';

export type TapEvent = 'started' | 'played' | 'stopped' | 'acked' | 'gave-up' | 'ended-by-server';

const TRANSITIONS: Record<TapState, Partial<Record<TapEvent, TapState>>> = {
  inviting: {
    started: 'sending',
    stopped: 'ending',
    'gave-up': 'ended',
    'ended-by-server': 'ended',
  },
  sending: { played: 'ending', stopped: 'ending', 'ended-by-server': 'ended' },
  ending: { acked: 'ended', 'gave-up': 'ended', 'ended-by-server': 'ended' },
  ended: {},
};

/** The state after `event`; the same state where the event changes nothing. */
export function nextTapState(state: TapState, event: TapEvent): TapState {
  return TRANSITIONS[state][event] ?? state;
}
