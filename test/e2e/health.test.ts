import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendCalls } from '../../src/send/index.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';
import { exists } from '../support/exists.ts';

const folder = await mkdtemp(join(tmpdir(), 'rst-health-'));
after(() => rm(folder, { recursive: true }));

const preload = (name: string) => `--import ${join(import.meta.dirname, '../support', name)}`;

async function health(socket: string, ...flags: string[]) {
  const args = [COMMAND, 'health', '--socket', socket, ...flags];
  return new Promise<{ code: number; stdout: string }>((resolve) => {
    const child = execFile(process.execPath, args, (_error, stdout) =>
      resolve({ code: child.exitCode ?? -1, stdout }),
    );
  });
}

describe('rst-server health of a running server', () => {
  test('is well, and unwell with the reason while a worker hangs or the folder is gone', async () => {
    const socket = join(folder, 'a.sock');
    const file = join(folder, 'hang');
    await using daemon = await DaemonProcess.start({
      mediaPorts: '16700-16799',
      env: {
        RST_DAEMON_SOCKET: socket,
        RST_MEDIA_WORKERS: '2',
        NODE_OPTIONS: preload('hang-worker.ts'),
        RST_TEST_HANG: file,
        // Nobody is there; that is a warning.
        RST_FREESWITCH_HOST: '127.0.0.1',
        RST_FREESWITCH_PORT: '9',
      },
    });
    const well = await health(socket);
    assert.equal(well.code, 0, well.stdout);
    assert.match(well.stdout, /^well\nwarning: box 127\.0\.0\.1: /);

    await writeFile(file, '');
    while (!(await exists(`${file}.hung`))) await sleep(10);
    const hangs = await health(socket, '--live');
    assert.equal(hangs.code, 1);
    assert.match(
      hangs.stdout,
      /^unwell: workers: \d of 2 capture workers did not answer within 2 s/,
    );
    await rm(file);
    while ((await health(socket, '--live')).code !== 0) await sleep(100);

    await rename(daemon.records, `${daemon.records}-away`);
    const gone = await health(socket);
    assert.equal(gone.code, 1);
    assert.match(gone.stdout, /^unwell: records: /);
    assert.equal((await health(socket, '--live')).code, 0);
    await rename(`${daemon.records}-away`, daemon.records);
    while ((await health(socket)).code !== 0) await sleep(100);

    await daemon.stop();
    assert.equal((await health(socket)).code, 3);
  });
});

describe('the line that is logged once a minute', () => {
  test('has the calls, packets and drops of a real minute, and there is none without any', async () => {
    await using daemon = await DaemonProcess.start({
      mediaPorts: '16800-16899',
      env: { NODE_OPTIONS: preload('fast-minute.ts') },
    });
    const { totals } = await sendCalls({ host: '127.0.0.1', port: daemon.port, durationMs: 500 });
    const minutes = () => daemon.log.filter(({ msg }) => msg === 'the last minute');
    const sum = () => minutes().reduce((packets, line) => packets + Number(line.packets), 0);
    await daemon.logged(({ msg }) => msg === 'call ended');
    while (sum() < totals.packets) await sleep(50);
    assert.equal(sum(), totals.packets);
    const [line] = minutes();
    assert.ok(line);
    assert.deepEqual(
      Object.keys(line).filter((key) => !['level', 'time', 'msg'].includes(key)),
      [
        ...['calls', 'packets', 'lostPackets', 'dropped', 'loopDelayMs', 'rssBytes'],
        ...['descriptors', 'descriptorLimit', 'freePairs', 'disks'],
      ].filter((key) => process.platform === 'linux' || !key.startsWith('descriptor')),
    );
    const before = minutes().length;
    await sleep(1500);
    assert.ok(minutes().length <= before + 1, 'nothing happens');
  });
});
