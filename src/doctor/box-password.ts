import type { Box } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { ok, warning } from './verdict.ts';

const WELL_KNOWN = 'ClueCon';

/** Whether the password is one of its own. */
export function checkBoxPassword({ password }: Box): Verdict {
  return password === WELL_KNOWN
    ? warning(
        `it is ${WELL_KNOWN}, which everybody knows, and opens the whole FreeSWITCH`,
        'choose another one in event_socket.conf.xml ("reload mod_event_socket" in fs_cli) and in this box\'s password or password_file',
      )
    : ok('one of its own');
}
