import type { Box } from '../config/index.ts';
import { errorText, RstError } from '../errors.ts';
import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { failed, fromSentence, ok } from './verdict.ts';

/** Connects and logs in; the link is good for the other checks where this is ok. */
export async function checkBoxLogin(link: Link, box: Box, signal: AbortSignal): Promise<Verdict> {
  try {
    await link.start(signal);
  } catch (error) {
    signal.throwIfAborted();
    return refusal(error, box);
  }
  const as = box.user === null ? '' : ` as ${box.user}`;
  return ok(`connected to ${box.host} port ${box.port} and logged in${as}`);
}

function refusal(error: unknown, { host, port }: Box): Verdict {
  const text = errorText(error);
  if (error instanceof RstError && error.code === 'RST_NOT_REACHABLE' && /ENOTFOUND/.test(text))
    return failed(`${host} has no address`, 'write its address, or a name that can be looked up');
  return fromSentence(
    'failed',
    text,
    `check what listens on port ${port} of ${host}; it has to be mod_event_socket`,
  );
}
