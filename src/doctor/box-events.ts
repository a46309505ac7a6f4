import { CHANNEL_EVENTS, type Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { ok } from './verdict.ts';

/** Subscribes to what the server would, and has FreeSWITCH do a job whose result is an event. */
export async function checkBoxEvents(link: Link): Promise<Verdict> {
  await link.subscribe([...CHANNEL_EVENTS, 'HEARTBEAT'], []);
  const version = await link.bgapi('version');
  return ok(`they arrive; ${version.trim().split('\n')[0] || 'a FreeSWITCH of unknown version'}`);
}
