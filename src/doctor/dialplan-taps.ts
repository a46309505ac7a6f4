import type { Link } from '../esl/index.ts';

/** What FreeSWITCH comes with; others are found by the profiles that use them. */
const USUAL_CONTEXTS = ['default', 'public'];
const ON_ANSWER = /^\s*(?:nolocal:)?(?:execute|api)_on_answer\w*\s*=\s*/;

/** What a dialplan starts by itself. */
export interface DialplanTaps {
  /** Those that were looked at: the usual ones, and those that the SIP profiles use. */
  contexts: string[];
  /** `value`: that of `execute_on_answer` and its like, or `rst` for the application itself. */
  taps: { context: string; value: string }[];
}

/** The taps of the dialplan in XML; what another source of dialplans holds can't be asked for. */
export async function dialplanTaps(link: Link): Promise<DialplanTaps> {
  const contexts = await contextsOf(link);
  const taps: DialplanTaps['taps'] = [];
  for (const context of contexts) {
    const xml = await link.api(`xml_locate dialplan context name ${context}`);
    for (const value of tapsIn(xml)) taps.push({ context, value });
  }
  return { contexts, taps };
}

async function contextsOf(link: Link): Promise<string[]> {
  const sofia = await link.api('xml_locate configuration configuration name sofia.conf');
  const named = [...sofia.matchAll(/<param\s+name="context"\s+value="([\w.@-]+)"/g)];
  return [...new Set([...USUAL_CONTEXTS, ...named.map(([, context]) => context as string)])];
}

function tapsIn(xml: string): string[] {
  const actions = xml.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<(?:anti-)?action\s[^>]*>/g);
  return Array.from(actions, ([action]) => action).flatMap((action) => {
    if (/\sapplication="rst"/.test(action)) return ['rst'];
    const data = /\sdata="([^"]*)"/.exec(action)?.[1]?.replaceAll('&apos;', "'") ?? '';
    const value = ON_ANSWER.test(data) ? data.replace(ON_ANSWER, '') : '';
    return /^'?(?:uuid_)?rst(?:$|[\s:'])/.test(value) ? [value] : [];
  });
}
