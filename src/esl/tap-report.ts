import { textOf } from './channel-reader.ts';
import type { EslEvent } from './event.ts';

/** The kinds of CUSTOM that the module in mod_rst/ fires. */
export const TAP_EVENTS = ['rst::start', 'rst::stop', 'rst::error'] as const;

/** What the module in mod_rst/ says of one of its taps. */
export interface TapReport {
  /** `start`: the server has answered. `stop`: the tap has ended. `error`: something is wrong. */
  kind: 'start' | 'stop' | 'error';
  /** What the channel was called when it was tapped. */
  uuid: string;
  /** `192.0.2.5:9527`, as it was told. */
  destination: string;
  /** A sentence; of `stop` a word: `hangup`, `stopped`, `server`, `no-ack` or `unload`. */
  reason: string;
  /** How many packets were sent, R and W, as `250 and 249`; empty where it does not say. */
  packets: string;
}

/** null where the event is of another kind. */
export function parseTapReport(event: EslEvent): TapReport | null {
  const kind = KINDS.get(event.subclass ?? '');
  if (kind === undefined) return null;
  return {
    kind,
    uuid: textOf(event, 'Unique-ID'),
    destination: textOf(event, 'RST-Destination'),
    reason: textOf(event, 'RST-Reason'),
    packets: textOf(event, 'RST-Packets').split(' ').join(' and '),
  };
}

const KINDS: ReadonlyMap<string, TapReport['kind']> = new Map([
  ['rst::start', 'start'],
  ['rst::stop', 'stop'],
  ['rst::error', 'error'],
]);
