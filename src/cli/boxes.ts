import Table from 'cli-table3';
import type { Command } from 'commander';
import type { BoxStatus } from '../http/index.ts';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { print } from './print.ts';
import { printable, printableJson } from './printable.ts';

interface BoxesFlags extends AdminFlags {
  json?: true;
}

/** `rst-server boxes`: how the daemon stands with each FreeSWITCH. */
export function registerBoxes(program: Command): void {
  withAdminFlags(program.command('boxes'))
    .description('show the FreeSWITCH machines and how their event sockets are')
    .option('--json', 'print one JSON document')
    .action(async (flags: BoxesFlags) => {
      const answer = await adminClient(flags).boxes();
      await print(flags.json ? `${printableJson(answer, 2)}\n` : formatBoxes(answer.boxes));
    });
}

function formatBoxes(boxes: readonly BoxStatus[]): string {
  if (boxes.length === 0)
    return 'No boxes. Each enabled [[freeswitch]] of the configuration is one, unless esl.enabled is false or the server was started with --no-esl.\n';
  const table = new Table({
    head: ['name', 'address', 'state', 'since', 'channels', 'version', 'last error'],
    style: { head: [], border: [], compact: true },
  });
  for (const box of boxes)
    table.push([
      printable(box.name),
      printable(box.host.includes(':') ? `[${box.host}]:${box.port}` : `${box.host}:${box.port}`),
      printable(box.state),
      localTime(box.since),
      box.channels,
      printable(box.version ?? ''),
      printable(box.lastError ?? ''),
    ]);
  return `${table.toString()}\n`;
}

/** `2026-03-09 17:05:02`, the time of this machine. */
function localTime(text: string): string {
  const date = new Date(text);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
