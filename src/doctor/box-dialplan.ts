import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { failed, ok } from './verdict.ts';

/** What FreeSWITCH comes with; others are found by the profiles that use them. */
const USUAL_CONTEXTS = ['default', 'public'];
const ON_ANSWER = /^\s*(?:nolocal:)?(?:execute|api)_on_answer\w*\s*=\s*/;

/** What the dialplan does about taps by itself, in the contexts that its SIP profiles use. */
export async function checkBoxDialplan(link: Link): Promise<Verdict> {
  const contexts = await contextsOf(link);
  let taps = 0;
  for (const context of contexts) {
    const xml = await link.api(`xml_locate dialplan context name ${context}`);
    for (const value of tapsIn(xml)) {
      if (/^'/.test(value))
        return failed(
          `context ${context} has a tap in single quotes, ${value}: FreeSWITCH takes them for a part of the application's name, and the call fails`,
          'take the quotes away: execute_on_answer=rst IP PORT',
        );
      taps++;
    }
  }
  const looked = `in the contexts ${contexts.join(', ')}`;
  return taps === 0
    ? ok(`it taps nothing by itself ${looked}`)
    : ok(
        `it taps by itself at ${taps} ${taps === 1 ? 'place' : 'places'} ${looked}; such a call is not tapped again`,
      );
}

async function contextsOf(link: Link): Promise<string[]> {
  const sofia = await link.api('xml_locate configuration configuration name sofia.conf');
  const named = [...sofia.matchAll(/<param\s+name="context"\s+value="([\w.@-]+)"/g)];
  return [...new Set([...USUAL_CONTEXTS, ...named.map(([, context]) => context as string)])];
}

/** What starts a tap: the value of `execute_on_answer` and its like, or the application itself. */
function tapsIn(xml: string): string[] {
  const actions = xml.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<(?:anti-)?action\s[^>]*>/g);
  return Array.from(actions, ([action]) => action).flatMap((action) => {
    if (/\sapplication="rst"/.test(action)) return ['rst'];
    const data = /\sdata="([^"]*)"/.exec(action)?.[1]?.replaceAll('&apos;', "'") ?? '';
    const value = ON_ANSWER.test(data) ? data.replace(ON_ANSWER, '') : '';
    return /^'?(?:uuid_)?rst(?:$|[\s:'])/.test(value) ? [value] : [];
  });
}
