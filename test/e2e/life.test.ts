import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';
import { Tap, ulawPacket } from '../support/tap.ts';

const UUID = '0b6a7a52-7c3f-4f0e-9f51-5f1f7b1f0001';

describe('a call ends', () => {
  test('when nothing comes for calls.idle_timeout: at its last packet, and the tap is told', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_CALLS_IDLE_TIMEOUT: '1s' } });
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await tap.answer(`BYE :${UUID}`);
    await daemon.ended(UUID);
    const manifest = await daemon.manifest(UUID);
    assert.deepEqual(
      [manifest.endReason, manifest.reason],
      ['idle', 'no packet for 1 s and no BYE'],
    );
    assert.ok(manifest.durationMs < 500, 'the second of waiting is not audio');
    assert.equal(manifest.tracks.R.packets, 1);
    assert.equal(manifest.tracks.W.samples, manifest.tracks.R.samples, 'W is as long, and silent');
  });

  test('when no packet ever comes: with a manifest and a CDR that say so, and no audio', async () => {
    await using daemon = await DaemonProcess.start({
      env: { RST_CALLS_NO_MEDIA_TIMEOUT: '300ms' },
    });
    await using tap = await Tap.open(daemon.port);
    await tap.invite(UUID);
    await daemon.ended(UUID);
    // Nothing pays for a BYE: the INV was as long as its ACK, and may be forged.
    assert.equal(tap.received.length, 1);
    const manifest = await daemon.manifest(UUID);
    assert.equal(manifest.endReason, 'no-media');
    assert.deepEqual(manifest.warnings, ['no packet arrived, so there is no audio']);
    const files = await daemon.files();
    assert.equal(files.length, 2, `the manifest and the CDR: ${files}`);
  });

  test('when calls.max_duration is over, in the middle of its media', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_CALLS_MAX_DURATION: '1s' } });
    await using tap = await Tap.open(daemon.port);
    const { readPort, writePort } = await tap.invite(UUID);
    const sending = setInterval(() => {
      void tap.data(UUID, 'R', ulawPacket(), readPort);
      void tap.data(UUID, 'W', ulawPacket(), writePort);
    }, 20);
    await tap.answer(`BYE :${UUID}`);
    clearInterval(sending);
    await daemon.ended(UUID);
    const manifest = await daemon.manifest(UUID);
    assert.equal(manifest.endReason, 'max-duration');
    assert.ok(Math.abs(manifest.durationMs - 1000) < 500, `${manifest.durationMs} ms`);
  });

  test('at a shutdown: files final, no BYE, exit code 0', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    for (let i = 0; i < 10; i++) await tap.data(UUID, 'R', ulawPacket(), readPort);
    // It would pay for a BYE.
    await tap.send('x'.repeat(200));
    assert.equal(await daemon.stop(), 0);
    assert.equal((await daemon.manifest(UUID)).endReason, 'shutdown');
    // Behind what the daemon has sent.
    await tap.send('the end', tap.port);
    await tap.answer('the end');
    assert.deepEqual(
      tap.received.filter((text) => text.startsWith('BYE')),
      [],
    );
    const files = await daemon.files();
    assert.ok(files.some((file) => file.endsWith(`${UUID}-R.wav`)));
    assert.deepEqual(
      files.filter((file) => /part|journal/.test(file)),
      [],
    );
  });
});

describe('the protocol', () => {
  test('answers a retransmitted INV and a repeated BYE again, and keeps one recording', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    const first = await tap.invite(UUID);
    assert.deepEqual(await tap.invite(UUID), first);
    await tap.data(UUID, 'R', ulawPacket(), first.readPort);
    await tap.bye(UUID);
    await tap.bye(UUID);
    await daemon.ended(UUID);
    await tap.bye(UUID);
    assert.equal((await daemon.files()).filter((file) => file.endsWith('.json')).length, 1);
  });

  test('takes packets that BYE has overtaken, for 200 ms', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await tap.bye(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await daemon.ended(UUID);
    assert.equal((await daemon.manifest(UUID)).tracks.R.packets, 2);
  });

  test('gives a further call of the same UUID a segment of its own', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    for (const segment of [1, 2]) {
      const { readPort } = await tap.invite(UUID);
      await tap.data(UUID, 'R', ulawPacket(), readPort);
      await tap.bye(UUID);
      await daemon.logged((line) =>
        String(line.manifest).endsWith(segment === 1 ? '1.json' : '.2.json'),
      );
      assert.equal((await daemon.manifest(UUID, segment)).segment, segment);
    }
    const [first, second] = [await daemon.manifest(UUID, 1), await daemon.manifest(UUID, 2)];
    assert.deepEqual([first.previous, first.next], [null, second.recordId]);
    assert.deepEqual([second.previous, second.next], [first.recordId, null]);
    const names = (await daemon.files()).filter((file) => file.endsWith('-R.wav'));
    assert.deepEqual(
      names.map((name) => name.split('/')[1]),
      [`${UUID}-R.wav`, `${UUID}.2-R.wav`],
    );
  });

  test('takes nothing from another address, nor with another UUID, and counts it', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    await using stranger = await Tap.open(daemon.port, '127.0.0.2');
    const { readPort } = await tap.invite(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await stranger.data(UUID, 'R', ulawPacket(), readPort);
    await tap.data('another', 'R', ulawPacket(), readPort);
    await tap.send('DATA:nonsense', readPort);
    await stranger.send(`BYE :${UUID}`);
    await daemon.logged((line) => line.msg.includes('BYE from another address'));
    await tap.bye(UUID);
    await daemon.ended(UUID);
    const { endReason, tracks } = await daemon.manifest(UUID);
    assert.equal(endReason, 'bye');
    assert.equal(tracks.R.packets, 1);
    assert.deepEqual(tracks.R.dropped, { 'wrong-source': 1, 'wrong-uuid': 1, malformed: 1 });
  });

  test('gives a call that finds no free port the control port, and says so', async () => {
    await using daemon = await DaemonProcess.start({ mediaPorts: '12100-12101' });
    await using tap = await Tap.open(daemon.port);
    await using other = await Tap.open(daemon.port);
    await tap.invite(UUID);
    await other.send(`INV :second:1:2:${other.port}:${other.port}`);
    assert.equal(await other.answer('ACK'), 'ACK :second');
    await other.data('second', 'R', ulawPacket());
    await other.bye('second');
    await daemon.ended('second');
    const manifest = await daemon.manifest('second');
    assert.equal(manifest.tracks.R.packets, 1);
    assert.deepEqual(manifest.warnings, [
      'no port of media.ports was free; the audio came to the control port',
    ]);
  });

  test('lets a port rest: late packets are counted and never land in the next call', async () => {
    await using daemon = await DaemonProcess.start({
      mediaPorts: '12110-12111',
      env: { RST_MEDIA_PORT_REST: '700ms' },
    });
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await tap.bye(UUID);
    await daemon.ended(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    const strays = await daemon.logged((line) => line.msg.includes('late packets'));
    assert.deepEqual([strays.count, strays.readPort], [1, readPort]);
    // The pair is bound anew behind that; an INV that is early waits for it or takes the control port.
    await tap.invite('next');
    await tap.bye('next');
    await daemon.ended('next');
    assert.equal((await daemon.manifest('next')).tracks.R.packets, 0);
  });

  test('names the file of a hostile UUID inside the folder', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    const uuid = '../../etc/x';
    const { readPort } = await tap.invite(uuid);
    await tap.data(uuid, 'R', ulawPacket(), readPort);
    await tap.bye(uuid);
    await daemon.ended(uuid);
    const wav = (await daemon.files()).find((file) => file.endsWith('-R.wav'));
    assert.match(wav ?? '', /^\d{4}-\d\d-\d\d\/%2E\.%2F\.\.%2Fetc%2Fx-R\.wav$/);
    const { mode } = await stat(join(daemon.records, wav as string));
    assert.equal(mode & 0o777, 0o640);
  });
});

describe('a start that can not work ends with one sentence and its exit code', () => {
  async function start(
    ...args: string[]
  ): Promise<{ code: number; stderr: string; stdout: string }> {
    const child = spawn(process.execPath, [COMMAND, 'start', '--json', ...args]);
    let stderr = '';
    let stdout = '';
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    child.stdout.on('data', (bytes) => {
      stdout += bytes;
    });
    const [code] = await once(child, 'close');
    assert.ok(!stdout.includes('"listening"'));
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    return { code: code as number, stderr, stdout };
  }

  test('port in use: 1', async () => {
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address();
    const { code, stderr } = await start('--host', '127.0.0.1', '--port', String(port));
    taken.close();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use`));
  });

  test('an address that is not of this machine: 2', async () => {
    const { code, stderr } = await start('--host', '192.0.2.1', '--port', '0');
    assert.equal(code, 2);
    assert.match(stderr, /192\.0\.2\.1 is no address of this machine/);
  });

  test('a recordings folder that can not be made: 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rst-'));
    const file = join(folder, 'file');
    await writeFile(file, '');
    const { code, stderr } = await start('--port', '0', '--records', join(file, 'records'));
    await rm(folder, { recursive: true });
    assert.equal(code, 1);
    assert.match(stderr, /records\.dir .* can't be written to \(ENOTDIR\)/);
  });
});
