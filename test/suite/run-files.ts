import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { doOverlap, type PortRange, portRangesOf } from './port-ranges.ts';

const AT_A_TIME = 2;
/** They need both cores, or measure. */
const ALONE =
  /\/(bad-network|daemon|event-load|flood|fuzz|kills|load|lost-byes|overflow|package|stall|standstill)\.test\.ts$/;
/** What `node --test` sums up for a file. */
const SUM = /^ℹ (tests|pass|fail|cancelled|skipped|todo) (\d+)$/gm;

export interface RunOptions {
  /** That the names are below. */
  root: string;
  /** Handed on to `node --test`. */
  flags: readonly string[];
  env: NodeJS.ProcessEnv;
  print(text: string): void;
}

export interface RunTotals {
  /** The files in which something did, by name. */
  failed: string[];
  /** Of all files: tests, pass, fail, cancelled, skipped, todo. */
  sums: Map<string, number>;
}

interface File {
  name: string;
  ports: PortRange[];
  isAlone: boolean;
}

/**
 * Runs test files, two at a time, for most of them wait most of the time; but none beside another that takes the
 * same ports, and those that load the machine alone. What each says is printed once it has ended.
 */
export async function runFiles(names: readonly string[], options: RunOptions): Promise<RunTotals> {
  const pending = names.map((name): File => {
    const ports = portRangesOf(readFileSync(join(options.root, name), 'utf8'));
    return { name, ports, isAlone: ALONE.test(name) };
  });
  pending.sort((a, b) => Number(a.isAlone) - Number(b.isAlone));
  const totals: RunTotals = { failed: [], sums: new Map() };
  const running = new Map<File, Promise<void>>();
  while (pending.length > 0 || running.size > 0) {
    const at = pending.findIndex((next) => canRun(next, [...running.keys()]));
    if (at < 0) {
      await Promise.race(running.values());
      continue;
    }
    const [next] = pending.splice(at, 1) as [File];
    const ended = run(next.name, options, totals).then(() => void running.delete(next));
    running.set(next, ended);
  }
  return totals;
}

function canRun(next: File, running: readonly File[]): boolean {
  if (running.length === 0) return true;
  if (next.isAlone || running.length === AT_A_TIME) return false;
  return running.every((other) => !other.isAlone && !doOverlap(next.ports, other.ports));
}

async function run(name: string, { root, flags, env, print }: RunOptions, totals: RunTotals) {
  // A test that runs tests would be told that it must not.
  const { NODE_TEST_CONTEXT: _, ...surroundings } = env;
  const usual = ['--test', '--test-timeout=300000', '--test-reporter=spec'];
  const child = spawn(process.execPath, [...usual, ...flags, name], {
    cwd: root,
    env: surroundings,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  print(`\n# ${name}\n${said}`);
  for (const [, what = '', count] of said.matchAll(SUM))
    totals.sums.set(what, (totals.sums.get(what) ?? 0) + Number(count));
  if (code !== 0) totals.failed.push(name);
}
