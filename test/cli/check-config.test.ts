import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { CONFIG_DEFAULTS } from '../../src/config/index.ts';

const command = join(import.meta.dirname, '../../bin/rst-server.ts');
const cwd = mkdtempSync(join(tmpdir(), 'rst-check-config-'));
after(() => rmSync(cwd, { recursive: true }));

const good = join(cwd, 'good.toml');
writeFileSync(good, '[media]\nports = "20000-20100"\n');
const bad = join(cwd, 'bad.toml');
writeFileSync(bad, '[media]\nprots = "20000-20100"\n\n[calls]\nidle_timeout = "1ms"\n');

/** Runs the real command, in a folder and an environment of its own. */
function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
  return { status, stdout, stderr };
}

test('check-config shows the file and every value with where it came from', () => {
  const { status, stdout, stderr } = run(['check-config', '--config', good], {
    RST_CALLS_IDLE_TIMEOUT: '5m',
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, new RegExp(`^File: ${good}\n`));
  for (const key of Object.keys(CONFIG_DEFAULTS)) assert.ok(stdout.includes(` ${key} `), key);
  assert.match(stdout, /media\.ports +│ 20000-20100 +│ file, line 2 /);
  assert.match(stdout, /calls\.idle_timeout +│ 5m +│ environment RST_CALLS_IDLE_TIMEOUT /);
  assert.match(stdout, /records\.formats +│ wav +│ default /);
  assert.match(stderr, /^rst-server: warning: .*Bind Error!/);
});

test('check-config --json prints one document and nothing else', () => {
  const { status, stdout, stderr } = run(['check-config', '--config', good, '--json'], {
    RST_SERVER_PORT: '1234',
  });
  assert.equal(status, 0);
  assert.equal(stderr, '');
  const { file, settings, warnings } = JSON.parse(stdout);
  assert.equal(file, good);
  assert.deepEqual(Object.keys(settings), Object.keys(CONFIG_DEFAULTS));
  assert.deepEqual(settings['media.ports'], {
    value: '20000-20100',
    from: 'file',
    file: good,
    line: 2,
  });
  assert.deepEqual(settings['server.port'], {
    value: 1234,
    from: 'environment',
    variable: 'RST_SERVER_PORT',
  });
  assert.deepEqual(settings['calls.max_duration'], { value: 0, from: 'default' });
  assert.equal(settings['records.dir'].value, join(cwd, 'records'));
  assert.equal(warnings.length, 1);
});

test('check-config shows boxes and rules, and no password wherever it comes from', () => {
  const boxes = join(cwd, 'boxes.toml');
  writeFileSync(
    boxes,
    '[[freeswitch]]\nhost = "::1"\npassword = "tr0ub4dor"\n[[rules]]\ncaller = ["1*", "2*"]\n',
  );
  const { status, stdout, stderr } = run(['check-config', '--config', boxes]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /freeswitch\[0\]\.host +│ ::1 +│ file, line 2 /);
  assert.match(stdout, /freeswitch\[0\]\.password +│ \(hidden\) +│ file, line 3 /);
  assert.match(stdout, /freeswitch\[0\]\.port +│ 8021 +│ default /);
  assert.match(stdout, /rules\[0\]\.caller +│ 1\*, 2\* +│ file, line 5 /);
  const env = { RST_FREESWITCH_HOST: '::1', RST_FREESWITCH_PASSWORD: 'tr0ub4dor' };
  for (const args of [
    ['--config', boxes],
    ['--config', good],
    ['--config', good, '--json'],
  ])
    assert.doesNotMatch(run(['check-config', ...args], env).stdout, /tr0ub4dor/);
});

test('a configuration that is refused ends with 2 and a line for each problem', () => {
  for (const args of [['check-config'], ['check-config', '--json'], ['start']]) {
    const { status, stdout, stderr } = run([...args, '--config', bad]);
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.deepEqual(stderr.split('\n'), [
      `rst-server: ${bad}:2: media.prots: no such key; did you mean media.ports?`,
      `rst-server: ${bad}:5: calls.idle_timeout: is "1ms", must be a duration such as "200ms", "30s", "5m", "1h" or "2d", from 1s to 24d`,
      '',
    ]);
  }
});

test('flags of start are settings and are refused under their own names', () => {
  const flags = [
    '--host=-',
    '--port=x',
    '--media-ports=1',
    '--records= ',
    '--format=mp3',
    '--log-level=loud',
  ];
  const { status, stderr } = run(['start', '--no-esl', '--json', ...flags]);
  assert.equal(status, 2);
  const lines = stderr.trimEnd().split('\n');
  for (const flag of flags) {
    const name = flag.slice(0, flag.indexOf('='));
    assert.ok(
      lines.some((line) => line.startsWith(`rst-server: ${name}: is "`)),
      name,
    );
  }
  assert.equal(lines.length, flags.length);
});

test('what is no command line of ours ends with 2 and a sentence', () => {
  for (const args of [
    ['check-config', '--colour'],
    ['chekc-config'],
    ['check-config', '--config'],
  ]) {
    const { status, stdout, stderr } = run(args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /^rst-server: /);
  }
  assert.equal(run([]).status, 2);
});

test('--help and --version end with 0', () => {
  const help = run(['--help']);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /check-config[\s\S]*start|start[\s\S]*check-config/);
  assert.equal(run(['start', '--help']).status, 0);
  const version = run(['--version']);
  assert.equal(version.status, 0);
  assert.equal(version.stdout, `${packageJson.version}\n`);
});
