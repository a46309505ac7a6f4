import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import type { CheckResult } from '../../src/doctor/index.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';

const cwd = mkdtempSync(join(tmpdir(), 'rst-doctor-'));
after(() => rmSync(cwd, { recursive: true }));
const temporary = join(cwd, 'temporary');
mkdirSync(temporary);

/** Starts the real command, in a folder and an environment of its own. */
function start(args: string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, [COMMAND, 'doctor', ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      TMPDIR: temporary,
      RST_SERVER_HOST: '127.0.0.1',
      RST_SERVER_PORT: '0',
      RST_SERVER_RECEIVE_BUFFER: '16KB',
      RST_MEDIA_PORTS: '12500-12699',
      ...env,
    },
  });
}

async function run(args: string[], env: Record<string, string> = {}) {
  const child = start(args, env);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}

/** What `--json` says, by what was looked at. */
async function examined(env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await run(['--json'], env);
  assert.equal(stderr, '');
  const document = JSON.parse(stdout) as { status: string; checks: CheckResult[] };
  for (const { status: each, found, todo, name } of document.checks) {
    assert.ok(found.length > 0, name);
    assert.equal(todo === undefined, each === 'ok', name);
  }
  const lines = new Map(document.checks.map((check) => [check.name, check]));
  return { status, verdict: document.status, lines };
}

/** What the doctor may have left: recordings, files that were written to measure, folders for a server. */
function leftovers(): string[] {
  return readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name !== 'temporary' && !name.endsWith('.toml') && name !== 'file',
  );
}

test('a machine that is set up as it should be is all right, and nothing is left of the checks', async () => {
  await using fake = await FakeFreeswitch.start({ password: 'tr0ub4dor' });
  const { status, verdict, lines } = await examined({
    RST_FREESWITCH_NAME: 'fs1',
    RST_FREESWITCH_HOST: '127.0.0.1',
    RST_FREESWITCH_PORT: `${fake.port}`,
    RST_FREESWITCH_PASSWORD: 'tr0ub4dor',
  });
  assert.equal(status, 0);
  // What the test's machine can't be held to is at most a warning.
  assert.notEqual(verdict, 'failed');
  for (const name of ['configuration', 'Node', 'fs1: login', 'fs1: events', 'fs1: mod_rst'])
    assert.equal(lines.get(name)?.status, 'ok', name);
  const path = [...lines.values()].find(({ name }) => name.startsWith('UDP to 127.0.0.1:'));
  assert.match(path?.found ?? '', /^INV and BYE are answered by a server started for it/);
  for (const name of ['control port', 'records folder', 'media ports', 'receive buffer'])
    assert.equal(lines.get(name)?.status, 'ok', name);
  for (const name of ['disk space', 'disk speed', 'local ports', 'open files', 'clock'])
    assert.ok(lines.has(name), name);
  assert.deepEqual(leftovers(), []);
});

test('without --json each line says what was found, and what to do unless it is ok', async () => {
  writeFileSync(join(cwd, 'file'), '');
  const { status, stdout, stderr } = await run([], { RST_RECORDS_DIR: join(cwd, 'file') });
  assert.deepEqual([status, stderr], [1, '']);
  assert.match(stdout, /^ok: {6}configuration: no file /);
  assert.match(
    stdout,
    /\nfailed: {2}records folder: \S+\/file can't be written to: .*\n {9}→ give the user /,
  );
  assert.match(stdout, /\n\d+ checks: 1 failed, \d+ warnings?\n$/);
  assert.doesNotMatch(stdout, /disk speed/);
  assert.deepEqual(leftovers(), []);
});

test('what the configuration warns of is a warning with something to do', async () => {
  const { lines } = await examined({ RST_MEDIA_PORTS: '20000-20100' });
  assert.equal(lines.get('configuration')?.status, 'warning');
  assert.match(lines.get('configuration')?.found ?? '', /Bind Error!"$/);
  assert.match(lines.get('configuration')?.todo ?? '', /^stay below 16384/);
});

test('a FreeSWITCH without mod_rst, with another password or that is away ends with 1', async () => {
  await using fake = await FakeFreeswitch.start({ module: 'none', password: 'tr0ub4dor' });
  const box = {
    RST_FREESWITCH_NAME: 'fs1',
    RST_FREESWITCH_HOST: '127.0.0.1',
    RST_FREESWITCH_PORT: `${fake.port}`,
  };
  const missing = await examined({ ...box, RST_FREESWITCH_PASSWORD: 'tr0ub4dor' });
  assert.deepEqual([missing.status, missing.verdict], [1, 'failed']);
  assert.equal(missing.lines.get('fs1: mod_rst')?.status, 'failed');
  const wrong = await run([], { ...box, RST_FREESWITCH_PASSWORD: 's3cret' });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stdout, /failed: {2}fs1: login: .*refuses this password/);
  assert.doesNotMatch(wrong.stdout, /s3cret/);
  await fake.stop();
  const away = await examined({ ...box, RST_FREESWITCH_PASSWORD: 'tr0ub4dor' });
  assert.equal(away.status, 1);
  assert.match(away.lines.get('fs1: login')?.found ?? '', /ECONNREFUSED/);
});

test('a server that runs answers, keeps nothing of it and goes on', async () => {
  await using daemon = await DaemonProcess.start({ mediaPorts: '12700-12719' });
  const { status, lines } = await examined({
    RST_SERVER_PORT: `${daemon.port}`,
    RST_MEDIA_PORTS: '12700-12719',
  });
  assert.equal(status, 0);
  assert.match(lines.get('media ports')?.found ?? '', /the server that runs has$/);
  assert.match(
    lines.get(`UDP to 127.0.0.1:${daemon.port}`)?.found ?? '',
    /that runs answers a BYE/,
  );
  assert.equal(await daemon.stop(), 0);
  assert.deepEqual(await daemon.files(), []);
});

test('a control port that something else has ends with 1', async () => {
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address();
  const { status, lines } = await examined({ RST_SERVER_PORT: `${port}` });
  stranger.close();
  assert.equal(status, 1);
  assert.equal(lines.get(`UDP to 127.0.0.1:${port}`)?.status, 'failed');
});

test('a configuration that is refused ends with 2, a user without a domain as well', async () => {
  const file = join(cwd, 'user.toml');
  writeFileSync(file, '[[freeswitch]]\nhost = "127.0.0.1"\nuser = "recorder"\n');
  const { status, stdout, stderr } = await run(['--config', file]);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /user\.toml:3: freeswitch\[0\]\.user: .*"USER@DOMAIN"/);
  assert.equal((await run(['--config', join(cwd, 'missing.toml')])).status, 2);
  assert.equal((await run(['--speed'])).status, 2);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  test(`${signal} ends it early with 1, and the server that was started and its folder are gone`, () =>
    endedBy(signal));

async function endedBy(signal: NodeJS.Signals): Promise<void> {
  await using fake = await FakeFreeswitch.start();
  // Where FreeSWITCH is told to send, and nothing ever answers.
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const child = start([], {
    RST_FREESWITCH_HOST: '127.0.0.1',
    RST_FREESWITCH_PORT: `${fake.port}`,
    RST_FREESWITCH_ADVERTISE: `127.0.0.1:${silent.address().port}`,
  });
  const ended = once(child, 'close');
  const stderr = text(child.stderr);
  await once(silent, 'message');
  assert.equal(leftovers().filter((name) => dirname(name) === 'temporary').length, 1);
  child.kill(signal);
  assert.deepEqual(await ended, [1, null]);
  silent.close();
  assert.equal(await stderr, 'rst-server: stopped before all was checked\n');
  assert.deepEqual(leftovers(), []);
}
