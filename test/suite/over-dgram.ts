/**
 * Runs the tests that receive calls once more, over the receiver that is not the default: node's own sockets. Two
 * files at a time, for most of them wait most of the time; but none beside another that takes the same ports, and
 * those that load the machine alone. Flags are handed on to `node --test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { doOverlap, portRangesOf } from './port-ranges.ts';
import { ReceiverTests } from './receiver-tests.ts';

const ROOT = join(import.meta.dirname, '../..');
const AT_A_TIME = 2;
/** They need both cores, or measure. */
const ALONE = /\/(bad-network|daemon|event-load|fuzz|kills|load|lost-byes)\.test\.ts$/;

interface Run {
  name: string;
  ports: ReturnType<typeof portRangesOf>;
  isAlone: boolean;
}

/** Runs one file; resolves with whether all of its tests passed, once what it said is printed. */
async function run(name: string): Promise<boolean> {
  const flags = ['--test', '--test-timeout=300000', '--test-reporter=spec'];
  const child = spawn(process.execPath, [...flags, ...process.argv.slice(2), name], {
    cwd: ROOT,
    env: { ...process.env, RST_MEDIA_RECEIVER: 'dgram' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  process.stdout.write(`\n# ${name}\n${said}`);
  return code === 0;
}

function canRun(next: Run, running: Set<Run>): boolean {
  if (running.size === 0) return true;
  if (next.isAlone || running.size === AT_A_TIME) return false;
  return [...running].every((other) => !other.isAlone && !doOverlap(next.ports, other.ports));
}

async function runAll(names: string[]): Promise<string[]> {
  const pending = names.map((name) => ({
    name,
    ports: portRangesOf(readFileSync(join(ROOT, name), 'utf8')),
    isAlone: ALONE.test(name),
  }));
  pending.sort((a, b) => Number(a.isAlone) - Number(b.isAlone));
  const failed: string[] = [];
  const running = new Set<Run>();
  const runs = new Set<Promise<void>>();
  while (pending.length > 0 || runs.size > 0) {
    const at = pending.findIndex((next) => canRun(next, running));
    if (at < 0) {
      await Promise.race(runs);
      continue;
    }
    const [next] = pending.splice(at, 1) as [Run];
    running.add(next);
    const done: Promise<void> = run(next.name).then((isGood) => {
      if (!isGood) failed.push(next.name);
      running.delete(next);
      runs.delete(done);
    });
    runs.add(done);
  }
  return failed;
}

if (!RECEIVER_NAMES.includes('batched')) {
  console.log('Only dgram works on this machine, so that all tests run over it as they are.');
} else {
  const names = new ReceiverTests().names();
  const failed = await runAll(names);
  const good = names.length - failed.length;
  console.log(`\nOver dgram: ${good} of ${names.length} files passed`);
  for (const name of failed) console.log(`failed: ${name}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
