import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { dialplanTaps } from './dialplan-taps.ts';
import { failed, ok } from './verdict.ts';

/** What the dialplan does about taps by itself, in the contexts that its SIP profiles use. */
export async function checkBoxDialplan(link: Link): Promise<Verdict> {
  const { contexts, taps } = await dialplanTaps(link);
  const quoted = taps.find(({ value }) => value.startsWith("'"));
  if (quoted)
    return failed(
      `context ${quoted.context} has a tap in single quotes, ${quoted.value}: FreeSWITCH takes them for a part of the application's name, and the call fails`,
      'take the quotes away: execute_on_answer=rst IP PORT',
    );
  const looked = `in the contexts ${contexts.join(', ')}`;
  return taps.length === 0
    ? ok(`it taps nothing by itself ${looked}`)
    : ok(
        `it taps by itself at ${taps.length} ${taps.length === 1 ? 'place' : 'places'} ${looked}; such a call is not tapped again`,
      );
}
