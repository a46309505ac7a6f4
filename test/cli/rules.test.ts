import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const command = join(import.meta.dirname, '../../bin/rst-server.ts');
const cwd = mkdtempSync(join(tmpdir(), 'rst-rules-test-'));
after(() => rmSync(cwd, { recursive: true }));

const config = join(cwd, 'rules.toml');
writeFileSync(
  config,
  `
[[freeswitch]]
name = "fs1"
host = "127.0.0.1"
[[rules]]
name = "private"
caller = ["1*", "!1000"]
action = "skip"
[[rules]]
name = "support"
callee = "8*"
box = "fs1"
variables = { department = "sales" }
formats = ["stereo", "raw"]
[[rules]]
context = "public"
sample = "50%"
`,
);

/** Runs `rules test` with the configuration above. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [command, 'rules', 'test', '--config', config, ...args],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  return { status, stdout, stderr };
}

test('rules test shows which rule decides, and of each before it why it does not', () => {
  assert.deepEqual(run('--caller', '2001', '--callee', '8000', '--variable', 'department=sales'), {
    status: 0,
    stdout: [
      'rule 1 "private" does not match: caller is "2001", not "1*"',
      'rule 2 "support" matches: callee "8*", box "fs1", variable department "sales"',
      'The call is recorded (stereo, raw).',
      '',
    ].join('\n'),
    stderr: '',
  });
});

test('a call that is skipped is so with 0 as well', () => {
  const { status, stdout } = run('--caller=1001');
  assert.equal(status, 0);
  assert.equal(stdout, 'rule 1 "private" matches: caller "1*"\nThe call is skipped.\n');
});

test('where no rule matches it says so', () => {
  assert.equal(
    run('--caller=1000', '--callee=8', '--box=fs2', '--variable=x=1', '--variable=y=2=3').stdout,
    [
      'rule 1 "private" does not match: caller is "1000", which "!1000" keeps out',
      'rule 2 "support" does not match: box is "fs2", not "fs1"',
      'rule 3 does not match: context is "", not "public"',
      'no rule matches; every answered call is recorded',
      'The call is recorded (wav).',
      '',
    ].join('\n'),
  );
  assert.match(run('--leg=b').stdout, /rule 1 "private" does not match: it looks at A legs/);
});

test('--json prints one document', () => {
  const uuid = '6f1c3a7e-58b0-4a13-9d2e-0c4b8f7a9e21';
  const { status, stdout, stderr } = run('--json', '--context=Public', `--uuid=${uuid}`);
  assert.deepEqual([status, stderr], [0, '']);
  const { passed, why, ...rest } = JSON.parse(stdout);
  assert.match(why, /^rule 3 matches: context "public"; its sample of 50% /);
  assert.deepEqual(
    passed.map(({ index, name }: { index: number; name: string }) => [index, name]),
    [
      [0, 'private'],
      [1, 'support'],
    ],
  );
  const isTaken = rest.action === 'record';
  assert.deepEqual(rest, {
    uuid,
    action: isTaken ? 'record' : 'skip',
    formats: isTaken ? ['wav'] : null,
    rule: { index: 2, name: null },
    warnings: [],
  });
  assert.equal(run('--json', '--context=Public', `--uuid=${uuid}`).stdout, stdout);
});

test('the variable rst_record is one of those that can be given, by both of its names', () => {
  for (const name of ['rst_record', 'variable_rst_record'])
    assert.equal(
      run('--caller=1001', `--variable=${name}=yes`).stdout,
      'the variable rst_record is "yes"\nThe call is recorded (wav).\n',
    );
});

test('what is no such command ends with 2', () => {
  for (const args of [['--direction=up'], ['--variable=x'], ['--variable==x'], ['--colour']]) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^rst-server: /);
  }
});
