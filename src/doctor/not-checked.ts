import type { Verdict } from './check.ts';
import { ok } from './verdict.ts';

/** What is known of Linux only; elsewhere there is nothing to say against it. */
export function notChecked(platform: NodeJS.Platform): Verdict {
  return ok(`not checked on ${platform}`);
}
