/** Why a call's recording ended, as in the manifest. */
export type EndReason =
  | 'bye'
  /** The channel has hung up, and its tap has not said BYE. */
  | 'hangup'
  | 'idle'
  | 'no-media'
  | 'max-duration'
  /** Somebody asked for it. */
  | 'stopped'
  | 'shutdown'
  /** The server that recorded it had ended; such a call only waits for its tap to go on. */
  | 'recovered'
  /** There was no tap; such a call never lives. */
  | 'not-tapped'
  | 'error';

/**
 *     inviting ──opened──► waiting ──media──► active
 *        │                    │                 │
 *        └────────────────────┴──── an end ─────┴──► draining ──finished──► ended
 *
 * `inviting`: INV is here, the ports are not yet. `waiting`: answered, no packet so far. `draining`:
 * the end is decided, late packets are still taken and the files are made final.
 */
export type CallState = 'inviting' | 'waiting' | 'active' | 'draining' | 'ended';

export type CallEvent = 'opened' | 'media' | 'finished' | EndReason;

const RESUMABLE: ReadonlySet<EndReason> = new Set(['idle', 'no-media', 'error', 'recovered']);

/** True where nobody wanted the end: nothing came, or worker or server died. Such a call goes on when something comes. */
export function mayResume(reason: EndReason): boolean {
  return RESUMABLE.has(reason);
}

/** True where the call shall stay ended although its tap may go on: what that still sends is late. */
export function isForGood(reason: EndReason): boolean {
  return reason === 'max-duration' || reason === 'stopped';
}

/** The one place that says which state follows; an event that means nothing in a state leaves it. */
export function next(state: CallState, event: CallEvent): CallState {
  switch (event) {
    case 'opened':
      return state === 'inviting' ? 'waiting' : state;
    case 'media':
      return state === 'inviting' || state === 'waiting' ? 'active' : state;
    case 'finished':
      return 'ended';
    case 'bye':
    case 'hangup':
    case 'idle':
    case 'no-media':
    case 'max-duration':
    case 'stopped':
    case 'shutdown':
    case 'recovered':
    case 'not-tapped':
    case 'error':
      return state === 'ended' ? state : 'draining';
  }
}
