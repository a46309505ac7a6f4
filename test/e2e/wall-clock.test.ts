import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseWav } from '../../src/audio/index.ts';
import { readCaptureFile } from '../support/capture-file.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { assertAudioIsExact, assertInPlace } from '../support/exact-audio.ts';
import { replay } from '../support/replay.ts';
import { Tap, ulawPacket } from '../support/tap.ts';

const PRELOAD = join(import.meta.dirname, '../support/shift-wall-clock.ts');
const HOUR_MS = 3_600_000;

const folder = await mkdtemp(join(tmpdir(), 'rst-wall-'));
after(() => rm(folder, { recursive: true }));
let daemons = 0;

/** A daemon, and a hand on its wall clock. */
async function start(mediaPorts: string, env: Record<string, string> = {}) {
  const file = join(folder, `wall-${++daemons}`);
  const daemon = await DaemonProcess.start({
    mediaPorts,
    env: {
      RST_TEST_WALL: file,
      NODE_OPTIONS: `--import ${PRELOAD}`,
      RST_RECORDS_TIMEZONE: 'UTC',
      ...env,
    },
  });
  return {
    daemon,
    /** Resolves once it is so far off. */
    async shift(ms: number) {
      await writeFile(file, String(ms));
      while ((await readFile(`${file}.taken`, 'utf8').catch(() => '')) !== String(ms))
        await sleep(5);
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

describe('a wall clock that is set', () => {
  test('by an hour, there and back in the middle of a call, moves no sample and ends no call', async () => {
    await using started = await start('17000-17099');
    const { daemon, shift } = started;
    const capture = readCaptureFile('perleg-pcmu');
    const replaying = replay(capture, daemon.port);
    const begun = await daemon.logged(({ uuid }) => uuid === capture.uuid);
    for (const ms of [HOUR_MS, -HOUR_MS, 0]) {
      await shift(ms);
      // A few of its packets, and the times at which calls are looked through.
      await sleep(600);
    }
    const { worstLateMs } = await replaying;
    await daemon.ended(capture.uuid);
    const manifest = await daemon.manifest(capture.uuid);
    const { tracks, warnings, endReason, startedAt, endedAt, durationMs } = manifest;
    assert.deepEqual([warnings, endReason, manifest.segment], [[], 'bye', 1]);
    assert.ok(Math.abs(Date.parse(String(begun.time)) - Date.parse(startedAt ?? '')) < HOUR_MS / 2);
    assert.ok(Date.parse(endedAt) - Date.parse(startedAt ?? '') < durationMs + HOUR_MS / 2);
    for (const leg of ['R', 'W'] as const) {
      const track = tracks[leg];
      const packets = capture.packets.filter((packet) => packet.leg === leg);
      assert.deepEqual(
        [track.packets, track.lostPackets, track.driftCorrections, track.dropped],
        [packets.length, 0, [], {}],
      );
      const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
      assertAudioIsExact(samples, packets, track);
      assertInPlace(packets, track, worstLateMs);
    }
  });

  for (const ms of [HOUR_MS, -HOUR_MS])
    test(`by ${ms / HOUR_MS} h keeps time-outs, and what is remembered of calls that ended`, async () => {
      await using started = await start('17100-17199', {
        RST_CALLS_IDLE_TIMEOUT: '1s',
        RST_CALLS_NO_MEDIA_TIMEOUT: '1s',
      });
      const { daemon, shift } = started;
      await using tap = await Tap.open(daemon.port);
      await tap.invite('over', false);
      await tap.data('over', 'R', ulawPacket());
      await tap.bye('over');
      await daemon.ended('over');

      await tap.invite('idle', false);
      await tap.data('idle', 'R', ulawPacket());
      await tap.invite('silent', false);
      await shift(ms);
      // Late, of a call that is over: three of them would open one that nobody knows.
      for (let i = 0; i < 5; i++) await tap.data('over', 'R', ulawPacket());
      assert.equal((await daemon.ended('idle')).endReason, 'idle');
      assert.equal((await daemon.ended('silent')).endReason, 'no-media');
      await daemon.stop();
      const dropped = daemon.log.findLast(({ msg }) => msg === 'datagrams dropped since the start');
      assert.deepEqual(
        Object.entries(dropped?.dropped ?? {}).filter(([, count]) => count > 0),
        [['late', 5]],
      );
      assert.ok(!daemon.log.some(({ uuid, msg }) => uuid === 'over' && /inv-lost/.test(msg)));
    });

  test('to another day has the next call in the folder of that day', async () => {
    await using started = await start('17200-17299');
    const { daemon, shift } = started;
    await using tap = await Tap.open(daemon.port);
    const call = async (uuid: string) => {
      await tap.invite(uuid, false);
      await tap.data(uuid, 'R', ulawPacket());
      await tap.bye(uuid);
      const { manifest } = await daemon.ended(uuid);
      return Date.parse(String(manifest).slice(0, 10));
    };
    const today = await call('today');
    await shift(48 * HOUR_MS);
    assert.equal(((await call('later')) - today) / (24 * HOUR_MS), 2);
    await shift(-48 * HOUR_MS);
    assert.equal(((await call('earlier')) - today) / (24 * HOUR_MS), -2);
  });

  test('does not keep the server from connecting to its boxes again', async (t) => {
    let tries = 0;
    const tried = new Set<() => void>();
    const box = createServer((socket) => {
      tries++;
      socket.on('error', () => {}).destroy();
      for (const wake of tried) wake();
    }).listen(0, '127.0.0.1');
    t.after(() => box.close());
    await once(box, 'listening');
    const { port } = box.address() as { port: number };
    const triedAgain = (times: number) =>
      new Promise<void>((resolve) => {
        const until = tries + times;
        const wake = () => {
          if (tries >= until) resolve();
        };
        tried.add(wake);
      });
    await using started = await start('17300-17399', {
      RST_FREESWITCH_HOST: '127.0.0.1',
      RST_FREESWITCH_PORT: String(port),
      RST_ESL_RECONNECT_MIN: '100ms',
      RST_ESL_RECONNECT_MAX: '200ms',
    });
    for (const ms of [HOUR_MS, -HOUR_MS]) {
      await started.shift(ms);
      await triedAgain(4);
    }
  });
});
