import type { Channels } from '../call/index.ts';
import type { Log } from '../log.ts';
import type { Captures } from './captures.ts';
import type { Leftovers } from './leftovers.ts';
import type { Policy } from './policy.ts';

/** What may be another one after a reload; asked for each time. */
export interface TapSettings {
  policy: Policy;
  confirmTimeoutMs: number;
  /** Channel variables that are kept, without `variable_`. */
  variables: readonly string[];
}

export interface RosterOptions {
  /** The name of the box. */
  box: string;
  settings(): TapSettings;
  channels: Channels;
  captures: Captures;
  leftovers: Leftovers;
  /** Monotonic, ns. */
  now(): number;
  log: Log;
}
