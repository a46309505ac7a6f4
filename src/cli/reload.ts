import type { Command } from 'commander';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { print } from './print.ts';
import { printableJson, printableLines } from './printable.ts';

interface ReloadFlags extends AdminFlags {
  json?: true;
}

/** `rst-server reload`: as SIGHUP, and says what came of it. */
export function registerReload(program: Command): void {
  withAdminFlags(program.command('reload'))
    .description('have the daemon read its configuration again, without touching a call')
    .option('--json', 'print one JSON document')
    .action(async (flags: ReloadFlags) => {
      const answer = await adminClient(flags).reload();
      const lines = answer.changes.length > 0 ? answer.changes : ['Nothing has changed.'];
      const text = flags.json ? printableJson(answer, 2) : printableLines(lines.join('\n'));
      await print(`${text}\n`);
    });
}
