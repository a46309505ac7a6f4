import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { ok } from './verdict.ts';

/** What a call is followed by. */
const NAMES = [
  'HEARTBEAT',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_HOLD',
  'CHANNEL_UNHOLD',
  'CHANNEL_UUID',
  'CHANNEL_HANGUP_COMPLETE',
];

/** Subscribes, and has FreeSWITCH do a job whose result is an event. */
export async function checkBoxEvents(link: Link): Promise<Verdict> {
  await link.subscribe(NAMES, []);
  const version = await link.bgapi('version');
  return ok(`they arrive; ${version.trim().split('\n')[0] || 'a FreeSWITCH of unknown version'}`);
}
