import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';

const COMMAND = join(import.meta.dirname, '../../bin/rst-server.ts');
const DEFAULTS = ['--config', devNull];
/** A disk that is full. */
const FULL = '/dev/full';

/** `rst-server` whose stdout is a file, or is read as its child process's. */
function run(args: string[], stdout: number | 'pipe'): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH },
    stdio: ['ignore', stdout, 'pipe'],
  });
}

describe('what a command prints', () => {
  for (const args of [
    ['check-config', ...DEFAULTS],
    ['check-config', '--json', ...DEFAULTS],
    ['rules', 'test', ...DEFAULTS],
    ['rules', 'test', '--json', ...DEFAULTS],
  ]) {
    test(`"${args.slice(0, -2).join(' ')}" ends with 0 where nobody reads it`, async () => {
      const child = run(args, 'pipe');
      child.stdout?.destroy();
      const stderr = text(child.stderr!);
      const [code] = await once(child, 'exit');
      assert.deepEqual([code, await stderr], [0, '']);
    });

    test(`"${args.slice(0, -2).join(' ')}" ends with 1 where the disk is full`, {
      skip: !existsSync(FULL),
    }, async () => {
      const child = run(args, openSync(FULL, 'w'));
      const stderr = text(child.stderr!);
      const [code] = await once(child, 'exit');
      assert.equal(code, 1);
      assert.match(await stderr, /^rst-server: stdout takes no more \(ENOSPC\), [^\n]+\n$/);
    });
  }
});
