import type { Command } from 'commander';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { print } from './print.ts';
import { printableJson, printableLines } from './printable.ts';

interface TapFlags extends AdminFlags {
  box?: string;
  json?: true;
}

/** `rst-server tap`: has a call recorded that no rule chose. */
export function registerTap(program: Command): void {
  withAdminFlags(program.command('tap'))
    .description('record a call that is running on a FreeSWITCH, whatever the rules say')
    .argument('<uuid>', 'the UUID of its channel')
    .option('--box <name>', 'the FreeSWITCH it is on (default: the one that has it)')
    .option('--json', 'print one JSON document')
    .action(async (uuid: string, flags: TapFlags) => {
      const answer = await adminClient(flags).tap(uuid, flags.box);
      const text = flags.json ? printableJson(answer, 2) : printableLines(answer.message);
      await print(`${text}\n`);
    });
}
