import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { variableOf } from './setting.ts';

// npm run test:chaos -- [--rounds N] [--calls N] [--seed S]
const ROOT = join(import.meta.dirname, '../..');
/** Faults that have tests elsewhere. */
const ELSEWHERE = [
  ...['bad-network', 'crash', 'dead-worker', 'disk', 'odd-calls', 'overflow', 'restart', 'stall'],
  ...['wall-clock'],
];
const FILES = [
  ...globSync('test/chaos/*.test.ts', { cwd: ROOT }).sort(),
  ...ELSEWHERE.map((name) => `test/e2e/${name}.test.ts`),
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    calls: { type: 'string' },
    seed: { type: 'string' },
  },
});
const env: NodeJS.ProcessEnv = { ...process.env };
for (const [name, text] of Object.entries(values)) {
  if (!/^\d{1,10}$/.test(text)) {
    process.stderr.write(`--${name} takes a whole number, not ${JSON.stringify(text)}.\n`);
    process.exit(2);
  }
  env[variableOf(name)] = text;
}
const flags = ['--test', '--test-concurrency=1', '--test-reporter=spec'];
const child = spawn(process.execPath, [...flags, ...FILES], { cwd: ROOT, env, stdio: 'inherit' });
const [code] = await once(child, 'close');
process.exitCode = code ?? 1;
