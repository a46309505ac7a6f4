import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DaemonProcess, type LogLine } from '../support/daemon-process.ts';
import { Tap, ulawPacket } from '../support/tap.ts';
import { ended, spawnCommand } from './admin-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'rst-start-'));
after(() => rmSync(folder, { recursive: true }));

/** What a daemon with these flags warns of before it listens. */
async function warnings(...args: string[]): Promise<string[]> {
  await using daemon = await DaemonProcess.start({
    args,
    env: {
      // A name that no resolver knows (RFC 2606), so that nothing is ever connected to.
      RST_FREESWITCH_HOST: 'pbx.invalid',
      RST_FREESWITCH_PASSWORD: 'tr0ub4dor',
    },
  });
  assert.doesNotMatch(JSON.stringify(daemon.log), /tr0ub4dor/);
  return daemon.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
}

test('--no-esl leaves the event sockets of the configuration alone', async () => {
  const told = /^environment RST_FREESWITCH_HOST: the event socket of pbx\.invalid is plain text/;
  assert.ok((await warnings()).some((text) => told.test(text)));
  assert.ok(!(await warnings('--no-esl')).some((text) => told.test(text)));
});

/** Resolves with what is logged after what is logged now. */
function loggedNext(daemon: DaemonProcess, test: (line: LogLine) => boolean): Promise<LogLine> {
  const before = new Set(daemon.log);
  return daemon.logged((line) => !before.has(line) && test(line));
}

test('a running daemon shows its calls, ends one for good and lets go of its socket', async () => {
  const socket = join(folder, 'a.sock');
  const command = (...args: string[]) => ended(spawnCommand([...args, '--socket', socket]));
  await using daemon = await DaemonProcess.start({ env: { RST_DAEMON_SOCKET: socket } });
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  assert.equal((await command('calls')).stdout, 'No calls.\n');
  assert.match((await command('boxes')).stdout, /^No boxes\./);

  await using tap = await Tap.open(daemon.port);
  const { readPort } = await tap.invite('call-1');
  await tap.data('call-1', 'R', ulawPacket(), readPort);
  await daemon.logged((line) => line.uuid === 'call-1');
  const [call] = JSON.parse((await command('calls', '--json')).stdout).calls;
  assert.deepEqual(
    [call.uuid, call.caller, call.callee, call.source],
    ['call-1', '100', '200', { address: '127.0.0.1', port: tap.port }],
  );
  assert.equal((await command('stop', 'call-1')).code, 0);
  assert.equal((await daemon.ended('call-1')).endReason, 'stopped');
  const unknown = await command('stop', 'call-2');
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /^rst-server: .*call-2/);
  assert.equal((await command('tap', 'call-2', '--box', 'nowhere')).stdout, '');

  assert.equal(await daemon.stop(), 0);
  assert.ok(!existsSync(socket));
  assert.equal((await command('calls')).code, 3);
});

test('SIGHUP and reload take the file as it is then, and leave all as it was where it is broken', async () => {
  const socket = join(folder, 'b.sock');
  const file = join(folder, 'rst-server.toml');
  const reload = () => ended(spawnCommand(['reload', '--socket', socket]));
  writeFileSync(file, `[daemon]\nsocket = "${socket}"\n`);
  await using daemon = await DaemonProcess.start({
    // As if it were not set: the file says it.
    env: { RST_DAEMON_SOCKET: '' },
    args: ['--config', file],
  });
  await using tap = await Tap.open(daemon.port);
  await tap.invite('call-1');

  writeFileSync(file, `[daemon]\nsocket = "${socket}"\n[log]\nlevel = "debug"\n`);
  const reloaded = loggedNext(daemon, ({ msg }) => msg === 'reloaded');
  daemon.process.kill('SIGHUP');
  assert.equal((await reloaded).changes, 1);
  assert.deepEqual(await reload(), { code: 0, stdout: 'Nothing has changed.\n', stderr: '' });

  writeFileSync(file, '[log]\nlevel = "loud"\n[server]\nprot = 1\n');
  const { code, stdout, stderr } = await reload();
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(
    stderr,
    /^rst-server: \S+:2: log\.level: .*\nrst-server: \S+:4: server\.prot: .*\n$/,
  );
  const refused = loggedNext(daemon, ({ msg }) => msg.includes('server.prot'));
  daemon.process.kill('SIGHUP');
  assert.match((await refused).msg, /^not reloaded: \S+:4: server\.prot: /);
  assert.equal((await refused).level, 'error');

  await tap.bye('call-1');
  assert.equal((await daemon.ended('call-1')).endReason, 'bye');
});

test('a second daemon at the same socket is refused in one sentence', async () => {
  const socket = join(folder, 'c.sock');
  await using daemon = await DaemonProcess.start({ env: { RST_DAEMON_SOCKET: socket } });
  await assert.rejects(
    DaemonProcess.start({ env: { RST_DAEMON_SOCKET: socket }, mediaPorts: '12000-12199' }),
    /^Error: rst-server ended with 1: rst-server: daemon\.socket \S+ is another daemon's, [^\n]+\n$/,
  );
  assert.equal(await daemon.stop(), 0);
});
