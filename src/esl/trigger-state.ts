/**
 *     idle ──expect──► expecting ─┐               ┌──────refuse──────┐
 *       ├──────────────────look───┤               │                  ▼
 *       │                         ▼               │   ┌──look──► looking ──adopt──► adopting
 *       └──ask──► asking ──accept─┼──► confirming ┼───┘              │               │
 *                   ▲             │               │                  │ ask           │ ask
 *                   └─────────────┴───────────────┴──────────────────┴───────────────┘
 *
 * `explain` leads from any of them to `explaining`, and `hang-up` to `leaving`, where an INV that was on
 * its way still counts. `begin` (INV or DATA came) leads to `tapped`, `fail` to `failed`, `end` to `ended`.
 */
export type TriggerState =
  | 'idle'
  | 'expecting'
  | 'asking'
  | 'confirming'
  | 'looking'
  | 'adopting'
  | 'explaining'
  | 'leaving'
  | 'tapped'
  | 'failed'
  | 'ended';

export type TriggerEvent =
  | 'expect'
  | 'ask'
  | 'accept'
  | 'look'
  | 'adopt'
  | 'explain'
  | 'hang-up'
  | 'begin'
  | 'fail'
  | 'end';

/** The one place that says which state follows; an event that means nothing in a state leaves it. */
export function next(state: TriggerState, event: TriggerEvent): TriggerState {
  if (isOver(state)) return state;
  const mayAct = state !== 'leaving' && state !== 'explaining';
  switch (event) {
    case 'begin':
      return 'tapped';
    case 'fail':
      return 'failed';
    case 'end':
      return 'ended';
    case 'hang-up':
      return 'leaving';
    case 'explain':
      return state === 'leaving' ? state : 'explaining';
    case 'ask':
      return mayAct ? 'asking' : state;
    case 'look':
      return mayAct ? 'looking' : state;
    case 'expect':
      return state === 'idle' ? 'expecting' : state;
    case 'accept':
      return state === 'asking' ? 'confirming' : state;
    case 'adopt':
      return state === 'looking' ? 'adopting' : state;
  }
}

export function isOver(state: TriggerState): boolean {
  return state === 'tapped' || state === 'failed' || state === 'ended';
}
