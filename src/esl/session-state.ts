/**
 *     idle ──start──► connecting ──logged-in──► reconciling ──reconciled──► ready
 *                       ▲  │                        │                         │
 *                  retry│  ├────────── lost ────────┴─────────────────────────┤
 *                       │  ▼                                                  │
 *                       waiting                refused ◄──── refused ─────────┘ (from any of the three)
 *                                                 │
 *                                                 └──retry──► connecting
 *
 * `close` leads from any of them to `closed`.
 */
export type SessionState =
  | 'idle'
  | 'connecting'
  | 'reconciling'
  | 'ready'
  /** Will connect again soon. */
  | 'waiting'
  /** Connecting again will not help until somebody changes something; it is tried, slowly. */
  | 'refused'
  | 'closed';

export type SessionEvent =
  | 'start'
  | 'logged-in'
  | 'reconciled'
  | 'lost'
  | 'refused'
  | 'retry'
  | 'close';

/** The one place that says which state follows; an event that means nothing in a state leaves it. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  if (state === 'closed') return state;
  const isTrying = state === 'connecting' || state === 'reconciling' || state === 'ready';
  switch (event) {
    case 'start':
      return state === 'idle' ? 'connecting' : state;
    case 'logged-in':
      return state === 'connecting' ? 'reconciling' : state;
    case 'reconciled':
      return state === 'reconciling' ? 'ready' : state;
    case 'lost':
      return isTrying ? 'waiting' : state;
    case 'refused':
      return isTrying ? 'refused' : state;
    case 'retry':
      return state === 'waiting' || state === 'refused' ? 'connecting' : state;
    case 'close':
      return 'closed';
  }
}
