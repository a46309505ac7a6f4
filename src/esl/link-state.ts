/**
 *     idle ──start──► connecting ──connected──► authenticating ──accepted──► ready
 *       │                 │                          │                         │
 *       └─────────────────┴────────── end ───────────┴─────────────────────────┴──► closing ──gone──► closed
 *
 * `closing`: the end is decided, the socket is still there. The other side may also go without that.
 */
export type LinkState = 'idle' | 'connecting' | 'authenticating' | 'ready' | 'closing' | 'closed';

export type LinkStateEvent = 'start' | 'connected' | 'accepted' | 'end' | 'gone';

/** The one place that says which state follows; an event that means nothing in a state leaves it. */
export function next(state: LinkState, event: LinkStateEvent): LinkState {
  switch (event) {
    case 'start':
      return state === 'idle' ? 'connecting' : state;
    case 'connected':
      return state === 'connecting' ? 'authenticating' : state;
    case 'accepted':
      return state === 'authenticating' ? 'ready' : state;
    case 'end':
      return state === 'closed' ? state : 'closing';
    case 'gone':
      return 'closed';
  }
}
