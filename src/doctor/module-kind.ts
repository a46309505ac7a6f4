import { RstError } from '../errors.ts';
import { type Link, parseTapStatus } from '../esl/index.ts';

/** `ours`: the module in mod_rst/. `unknown`: this login may not ask. */
export type ModuleKind = 'ours' | 'other' | 'unknown';

/** Which mod_rst a box has, by what only ours answers. */
export async function moduleKind(link: Link): Promise<ModuleKind> {
  try {
    return parseTapStatus(await link.api('rst_status 0')) === null ? 'other' : 'ours';
  } catch (error) {
    if (link.state === 'ready' && error instanceof RstError && error.code === 'RST_ESL')
      return 'unknown';
    throw error;
  }
}
