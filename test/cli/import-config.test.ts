import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';

const command = join(import.meta.dirname, '../../bin/rst-server.ts');
const cwd = mkdtempSync(join(tmpdir(), 'rst-import-config-'));
after(() => rmSync(cwd, { recursive: true }));

writeFileSync(
  join(cwd, 'udp_server.conf'),
  ' \nsave_dir=/opt/nway/\nudp_port=0.0.0.0:9527\nsave_rule=caller_callee_uuid.pcm\ncdr_dir=/opt/nway/cdr\nwrite_hexx=1\n#a comment',
);
writeFileSync(join(cwd, 'other.conf'), 'nothing of it\n');

function run(...args: string[]) {
  return spawnSync(process.execPath, [command, 'import-config', ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
}

test('import-config prints the configuration on stdout and what became of each line on stderr', () => {
  const { status, stdout, stderr } = run('udp_server.conf');
  assert.equal(status, 0, stderr);
  const file = join(cwd, 'printed.toml');
  writeFileSync(file, stdout);
  const { config, warnings } = loadConfig({ file, env: {}, cwd });
  assert.deepEqual(warnings, []);
  assert.equal(config.records.dir, '/opt/nway');
  assert.deepEqual(config.records.formats, ['pcm']);
  assert.equal(config.records.name, '{caller}_{callee}_{uuid}');
  assert.equal(config.server.port, 9527);
  const places = stderr
    .trim()
    .split('\n')
    .map((line) => /^rst-server: (udp_server\.conf(:\d+)?): \S/.exec(line)?.[1]);
  assert.deepEqual(places, [
    ...['udp_server.conf:2', 'udp_server.conf:3', 'udp_server.conf:4', 'udp_server.conf:4'],
    ...['udp_server.conf:5', 'udp_server.conf:6', 'udp_server.conf'],
  ]);
  assert.match(stderr, /:6: not understood, left out: "write_hexx=1"/);
});

test('--out makes a file that check-config takes, and never one over another', () => {
  const { status, stdout } = run('udp_server.conf', '--out', 'new.toml');
  assert.deepEqual([status, stdout], [0, '']);
  const path = join(cwd, 'new.toml');
  assert.equal(statSync(path).mode & 0o027, 0, 'nobody else reads it');
  const checked = spawnSync(process.execPath, [command, 'check-config', '-c', path], {
    env: { PATH: process.env.PATH },
  });
  assert.equal(checked.status, 0);
  const before = readFileSync(path, 'utf8');
  const again = run('udp_server.conf', '--out', 'new.toml');
  assert.equal(again.status, 2);
  assert.equal(
    again.stderr,
    'rst-server: --out new.toml cannot be written: it exists already; choose another name or remove it first.\n',
  );
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('a file that is not there, is a folder or is none of these ends with 2 and one line', () => {
  for (const [args, text] of [
    [['none.conf'], 'none.conf cannot be read: there is no such file or folder.'],
    [['.'], '. cannot be read: it is a folder.'],
    [['other.conf'], 'other.conf: no line of it is a setting of udp_server.conf; those are '],
    [['udp_server.conf', '-o', 'no/such.toml'], '--out no/such.toml cannot be written: '],
    [[], "missing required argument 'file'"],
  ] as const) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.ok(stderr.startsWith(`rst-server: ${text}`), stderr);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
});
