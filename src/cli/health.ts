import type { Command } from 'commander';
import type { Health, HealthCheck } from '../http/index.ts';
import { type AdminFlags, adminClient, withAdminFlags } from './admin-connection.ts';
import { print } from './print.ts';
import { printable, printableJson } from './printable.ts';

interface HealthFlags extends AdminFlags {
  live?: true;
  json?: true;
}

/** `rst-server health`: 0 well, 1 unwell, 3 not reachable; for people and for probes. */
export function registerHealth(program: Command): void {
  withAdminFlags(program.command('health'))
    .description(
      'say whether the running server records calls now; 0: it does, 1: not, 3: no server',
    )
    .option('--live', 'look at what starting the server again would cure, and at nothing else')
    .option('--json', 'print one JSON document')
    .action(async (flags: HealthFlags) => {
      const answer = await adminClient(flags).health();
      const health = flags.live ? ofRestart(answer) : answer;
      await print(flags.json ? `${printableJson(health, 2)}\n` : formatHealth(health));
      if (health.status !== 'well') process.exitCode = 1;
    });
}

/** What a liveness probe may end the server for: a full disk would be as full after it. */
function ofRestart({ checks: all }: Health): Health {
  const checks = all.filter(({ isCuredByRestart }) => isCuredByRestart);
  const isWell = checks.every(({ status }) => status !== 'failed');
  return { status: isWell ? 'well' : 'unwell', checks };
}

/** What is wrong comes first, and in the first line. */
function formatHealth({ status, checks }: Health): string {
  const order: HealthCheck['status'][] = ['failed', 'warning', 'ok'];
  const sorted = checks.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const reasons = sorted.filter((check) => check.status === 'failed').map(textOf);
  const first = status === 'well' ? 'well' : `unwell: ${reasons.join('; ')}`;
  const lines = sorted.map((check) => `${`${check.status}:`.padEnd(8)} ${textOf(check)}`);
  return `${[first, ...lines].join('\n')}\n`;
}

function textOf({ name, found }: HealthCheck): string {
  return printable(`${name}: ${found}`);
}
