import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { LiveCall } from '../http/index.ts';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { formatCalls } from './calls-table.ts';
import { print } from './print.ts';
import { printableJson } from './printable.ts';
import { watch } from './watch.ts';

/** Levels are of about 100 ms, and measured from when somebody asks for them. */
const MEASURING_MS = 250;

interface CallsFlags extends AdminFlags {
  watch?: true;
  json?: true;
}

/** `rst-server calls`: what is being recorded now. */
export function registerCalls(program: Command): void {
  withAdminFlags(program.command('calls'))
    .description('show the calls that are being recorded now')
    .option('-w, --watch', 'show them again every second, until it is interrupted')
    .option('--json', 'print one JSON document; with --watch one on each line')
    .action(showCalls);
}

async function showCalls(flags: CallsFlags): Promise<void> {
  const client = adminClient(flags);
  if (flags.watch) {
    const isScreen = process.stdout.isTTY && !flags.json;
    await watch(isScreen ? 'screen' : 'lines', async (signal) => {
      const { calls } = await client.calls(signal);
      if (flags.json) return `${printableJson({ calls })}\n`;
      // Rows that nobody sees are not worth the time that thousands of them take.
      return formatCalls(calls, isScreen ? process.stdout.rows : undefined);
    });
    return;
  }
  let answer = await client.calls();
  if (answer.calls.some(isUnmeasured)) {
    await sleep(MEASURING_MS);
    answer = await client.calls();
  }
  await print(flags.json ? `${printableJson(answer, 2)}\n` : formatCalls(answer.calls));
}

/** Whether audio comes in and nobody has listened how loud it is. */
function isUnmeasured({ tracks: { R, W } }: LiveCall): boolean {
  return [R, W].every(({ levelDb }) => levelDb === null) && R.packets + W.packets > 0;
}
