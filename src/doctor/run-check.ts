import { errorText } from '../errors.ts';
import type { CheckResult, Verdict } from './check.ts';
import { fromSentence } from './verdict.ts';

/**
 * The result of one check. One that throws has failed; `advice` is for where the error gives none. Throws
 * the reason of `signal` once that is aborted.
 */
export async function runCheck(
  name: string,
  run: () => Verdict | Promise<Verdict>,
  advice: string,
  signal: AbortSignal,
): Promise<CheckResult> {
  signal.throwIfAborted();
  try {
    return { name, ...(await run()) };
  } catch (error) {
    signal.throwIfAborted();
    return { name, ...fromSentence('failed', errorText(error), advice) };
  }
}
