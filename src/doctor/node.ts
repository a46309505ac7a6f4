import type { Verdict } from './check.ts';
import { ok } from './verdict.ts';

/** What runs this; a Node that is too old does not get as far as here. */
export function checkNode(versions: NodeJS.ProcessVersions, platform: NodeJS.Platform): Verdict {
  return ok(`Node ${versions.node} on ${platform}, ${process.arch}`);
}
