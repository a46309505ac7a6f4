import type { Command } from 'commander';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { print } from './print.ts';
import { printableJson, printableLines } from './printable.ts';

interface StopFlags extends AdminFlags {
  json?: true;
}

/** `rst-server stop`: ends a recording, not the call. */
export function registerStop(program: Command): void {
  withAdminFlags(program.command('stop'))
    .description('end the recording of a call; the call itself goes on')
    .argument('<uuid>', 'its UUID, as `rst-server calls` shows it')
    .option('--json', 'print one JSON document')
    .action(async (uuid: string, flags: StopFlags) => {
      const answer = await adminClient(flags).stop(uuid);
      const text = flags.json ? printableJson(answer, 2) : printableLines(answer.message);
      await print(`${text}\n`);
    });
}
