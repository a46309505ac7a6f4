/**
 * What is done about one channel.
 *
 *     skipped ──record──► tapping ──tapped──► tapped
 *                          │  ▲  │               │
 *                   failed │  │  └──── cut ──────┤ cut (while it is recorded the link is lost,
 *                          ▼  │                  ▼    or the module unloaded)
 *                       failed└────record───── cut
 *
 * `stop` leads from any of them to `stopped`, which only a command ends.
 */
export type WatchState = 'skipped' | 'tapping' | 'tapped' | 'failed' | 'cut' | 'stopped';

export type WatchEvent = 'record' | 'tapped' | 'failed' | 'cut' | 'stop';

/** The one place that says which state follows; an event that means nothing in a state leaves it. */
export function next(state: WatchState, event: WatchEvent): WatchState {
  switch (event) {
    case 'record':
      return 'tapping';
    case 'tapped':
      return state === 'tapping' || state === 'cut' ? 'tapped' : state;
    case 'failed':
      return state === 'tapping' ? 'failed' : state;
    case 'cut':
      return state === 'tapping' || state === 'tapped' ? 'cut' : state;
    case 'stop':
      return 'stopped';
  }
}
