import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { type ModuleKind, moduleKind } from './module-kind.ts';
import { failed, ok } from './verdict.ts';

/** Whether there is a module that taps calls, and whether this login may use it. */
export async function checkBoxModule(link: Link): Promise<Verdict> {
  const name = await moduleOf(link);
  if (name === null)
    return failed(
      'mod_rst is not loaded, so no call can be tapped',
      '"make install" in mod_rst/ puts mod_rst.so into FreeSWITCH\'s module folder; then "load mod_rst" in fs_cli, and <load module="mod_rst"/> into autoload_configs/modules.conf.xml',
    );
  // Without arguments it does nothing, and refuses in one way or another; but a login that may not use
  // it has no answer of the module at all.
  await link.api('uuid_rst');
  return ok(`${name} is loaded and this login may use it; it is ${KINDS[await moduleKind(link)]}`);
}

const KINDS: Record<ModuleKind, string> = {
  ours: 'the one that comes with rst-server',
  other: 'another one than comes with rst-server, such as the prebuilt one',
  unknown: 'not known which one, as this login may not use rst_status',
};

/** The module that has `uuid_rst`, whatever its file is called. */
async function moduleOf(link: Link): Promise<string | null> {
  if ((await link.api('module_exists mod_rst')).trim() === 'true') return 'mod_rst';
  const listed = await link.api('show api uuid_rst');
  // A line of it is name,description,syntax,module.
  const line = listed.split('\n').find((each) => each.startsWith('uuid_rst,'));
  return line === undefined ? null : `${line.slice(line.lastIndexOf(',') + 1)}`;
}
