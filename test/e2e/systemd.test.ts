import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { exists } from '../support/exists.ts';
import { NotifyReceiver } from '../support/notify-receiver.ts';

const HANG_WORKER = join(import.meta.dirname, '../support/hang-worker.ts');
const WATCHDOG_MS = 400;

const folder = await mkdtemp(join(tmpdir(), 'rst-systemd-'));
after(() => rm(folder, { recursive: true }));

/** A daemon under a service manager, with this in its environment too. */
async function start(name: string, env: Record<string, string> = {}) {
  const receiver = new NotifyReceiver(join(folder, name));
  const daemon = await DaemonProcess.start({
    mediaPorts: '15600-15699',
    env: { NOTIFY_SOCKET: receiver.address, ...env },
  });
  return {
    daemon,
    receiver,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

describe('a daemon under systemd', { skip: process.platform !== 'linux' }, () => {
  test('says when it listens, reloads and stops', async () => {
    await using service = await start('life', { WATCHDOG_USEC: '', WATCHDOG_PID: '' });
    const { daemon, receiver } = service;
    await receiver.told(
      /^READY=1\nSTATUS=listening on 127\.0\.0\.1:\d+; 0 calls are being recorded$/,
    );
    daemon.process.kill('SIGHUP');
    const reloading = await receiver.told(/^RELOADING=1\nMONOTONIC_USEC=\d+\n/);
    const uptimeUs = Number(process.hrtime.bigint() / 1000n);
    const saidUs = Number(/MONOTONIC_USEC=(\d+)/.exec(reloading)?.[1]);
    // The clock that systemd reads is the one of all processes.
    assert.ok(saidUs <= uptimeUs && saidUs > uptimeUs - 60e6, `${saidUs} of ${uptimeUs}`);
    await receiver.told(/^READY=1/, receiver.messages.indexOf(reloading));
    assert.equal(await daemon.stop(), 0);
    await receiver.told(/^STOPPING=1\nSTATUS=.*\nEXTEND_TIMEOUT_USEC=35000000$/);
    assert.deepEqual(
      receiver.messages.map((message) => message.split('=')[0]),
      ['READY', 'RELOADING', 'READY', 'STOPPING'],
    );
  });

  test('feeds the watchdog as long as all of its workers answer', async () => {
    const file = join(folder, 'hang');
    await using service = await start('watchdog', {
      WATCHDOG_USEC: String(WATCHDOG_MS * 1000),
      NODE_OPTIONS: `--import ${HANG_WORKER}`,
      RST_TEST_HANG: file,
      RST_MEDIA_WORKERS: '2',
    });
    const { receiver } = service;
    const fed = () => receiver.messages.filter((message) => message === 'WATCHDOG=1').length;
    await receiver.told(/^WATCHDOG=1$/);
    await receiver.told(/^WATCHDOG=1$/, receiver.messages.length);
    await writeFile(file, '');
    while (!(await exists(`${file}.hung`))) await sleep(10);
    const before = fed();
    // What was asked before the worker hung may still be answered, but nothing after it.
    await sleep(4 * WATCHDOG_MS);
    const since = fed() - before;
    const from = receiver.messages.length;
    await rm(file);
    assert.ok(since <= 1, `fed ${since} times`);
    await receiver.told(/^WATCHDOG=1$/, from);
  });

  test('does not feed it while it stands still, and does again once it goes on', async () => {
    await using service = await start('still', { WATCHDOG_USEC: String(WATCHDOG_MS * 1000) });
    const { daemon, receiver } = service;
    await receiver.told(/^WATCHDOG=1$/);
    daemon.process.kill('SIGSTOP');
    // What was on its way has come by then.
    await sleep(WATCHDOG_MS);
    const from = receiver.messages.length;
    await sleep(2 * WATCHDOG_MS);
    const since = receiver.messages.length - from;
    daemon.process.kill('SIGCONT');
    assert.equal(since, 0);
    await receiver.told(/^WATCHDOG=1$/, from);
  });

  test('leaves a watchdog alone that is of another process', async () => {
    await using service = await start('other', { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' });
    const { daemon, receiver } = service;
    await receiver.told(/^READY=1/);
    await daemon.stop();
    await receiver.told(/^STOPPING=1/);
    assert.ok(!receiver.messages.includes('WATCHDOG=1'));
  });
});
