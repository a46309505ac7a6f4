import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';
import { readCaptureFile } from '../support/capture-file.ts';
import { DaemonProcess, type LogLine } from '../support/daemon-process.ts';
import { replay } from '../support/replay.ts';
import { Tap, ulawPacket } from '../support/tap.ts';

const UUID = '0b6a7a52-7c3f-4f0e-9f51-5f1f7b1f0002';
const PACKET_MS = 20;

/** Sends packets of one leg at their pace, each byte of the n-th being `first` + n. */
async function stream(
  tap: Tap,
  leg: LegName,
  count: number,
  port?: number,
  { uuid = UUID, first = 1 } = {},
): Promise<void> {
  for (let i = 0; i < count; i++) {
    await tap.data(uuid, leg, ulawPacket(first + i), port);
    await sleep(PACKET_MS);
  }
}

/** The first byte of each packet in a file, by what it decodes to; silence is left out. */
async function heard(
  daemon: DaemonProcess,
  manifest: Manifest,
  leg: LegName,
  codes: number[],
): Promise<number[]> {
  const path = manifest.tracks[leg].files.find(({ format }) => format === 'wav')?.path as string;
  const { samples } = parseWav(await daemon.read(path));
  return codes.filter(
    (code) => samples.filter((sample) => sample === ULAW_TO_LINEAR[code]).length === 160,
  );
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

async function drops(daemon: DaemonProcess): Promise<Record<string, number>> {
  assert.equal(await daemon.stop(), 0);
  const line = daemon.log.findLast(({ msg }) => msg === 'datagrams dropped since the start');
  const all = (line?.dropped ?? {}) as Record<string, number>;
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

/** The log line of the end of the n-th segment. */
function ended(daemon: DaemonProcess, segment: number): Promise<LogLine> {
  const name = segment === 1 ? `${UUID}.json` : `${UUID}.${segment}.json`;
  return daemon.logged(
    (line) => line.msg === 'call ended' && String(line.manifest).endsWith(`/${name}`),
  );
}

describe('a lost INV', () => {
  test('is made up for by three packets, which are in the audio', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    await stream(tap, 'R', 5);
    await tap.bye(UUID);
    await daemon.ended(UUID);
    const manifest = await daemon.manifest(UUID);
    assert.equal(manifest.tracks.R.packets, 5);
    assert.deepEqual([manifest.caller, manifest.callee, manifest.endReason], ['', '', 'bye']);
    assert.match(manifest.warnings.join(), /^inv-lost: no INV came/);
    assert.deepEqual(await heard(daemon, manifest, 'R', range(1, 6)), range(1, 5));
    assert.equal(manifest.tracks.R.gaps[0]?.[0] === 0, false, 'it begins with its first packet');
  });

  test('is not seen in fewer packets, nor in those of two addresses', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    await using other = await Tap.open(daemon.port, '127.0.0.2');
    await stream(tap, 'R', 2);
    await stream(other, 'W', 2);
    await tap.bye('nobody');
    assert.deepEqual(await drops(daemon), { 'no-call': 5 });
    assert.deepEqual(await daemon.files(), []);
  });
});

describe('what comes behind the end of a call', () => {
  test('is late and counted, until an INV opens the next segment', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    await tap.invite(UUID, false);
    await stream(tap, 'R', 3);
    await tap.bye(UUID);
    await ended(daemon, 1);
    await stream(tap, 'R', 4);
    await tap.bye(UUID);
    await tap.invite(UUID, false);
    await stream(tap, 'R', 2);
    await tap.bye(UUID);
    await ended(daemon, 2);
    assert.equal((await daemon.manifest(UUID, 2)).tracks.R.packets, 2);
    assert.deepEqual(await drops(daemon), { late: 5 });
  });

  test('ends 20 calls whose BYE is lost, each at its last packet', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_CALLS_IDLE_TIMEOUT: '1s' } });
    await using tap = await Tap.open(daemon.port);
    const uuids = range(1, 20).map((n) => `lost-${n}`);
    for (const [i, uuid] of uuids.entries()) {
      const { readPort } = await tap.invite(uuid, i % 2 === 0);
      await tap.data(uuid, 'R', ulawPacket(), i % 2 === 0 ? readPort : undefined);
    }
    for (const uuid of uuids) {
      await daemon.ended(uuid);
      const { endReason, durationMs, tracks } = await daemon.manifest(uuid);
      assert.deepEqual([endReason, tracks.R.packets], ['idle', 1]);
      assert.ok(durationMs < 500, `${durationMs} ms`);
      await tap.answer(`BYE :${uuid}`);
    }
  });
});

describe('DATA that goes on after an idle end', () => {
  test('opens the next segment of an old-form call, with its numbers', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_CALLS_IDLE_TIMEOUT: '1s' } });
    await using tap = await Tap.open(daemon.port);
    await tap.invite(UUID, false);
    await stream(tap, 'R', 3);
    await ended(daemon, 1);
    await stream(tap, 'R', 6, undefined, { first: 10 });
    await tap.bye(UUID);
    await ended(daemon, 2);
    const manifest = await daemon.manifest(UUID, 2);
    assert.deepEqual([manifest.caller, manifest.callee], ['100', '200']);
    assert.deepEqual(manifest.warnings, [
      'goes on from segment 1, which had ended: no packet for 1 s and no BYE',
    ]);
    assert.deepEqual(await heard(daemon, manifest, 'R', range(10, 6)), range(10, 6));
    assert.deepEqual(await drops(daemon), {});
  });

  test('takes the resting ports of a port-form call up again, and loses no packet', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_CALLS_IDLE_TIMEOUT: '1s' } });
    await using tap = await Tap.open(daemon.port);
    const { readPort, writePort } = await tap.invite(UUID);
    await stream(tap, 'R', 3, readPort);
    await ended(daemon, 1);
    await tap.data('another', 'R', ulawPacket(), readPort);
    await stream(tap, 'R', 8, readPort, { first: 10 });
    await stream(tap, 'W', 2, writePort, { first: 10 });
    await tap.bye(UUID);
    await ended(daemon, 2);
    const manifest = await daemon.manifest(UUID, 2);
    assert.equal(manifest.caller, '100');
    assert.match(manifest.warnings.join(), /^goes on from segment 1/);
    assert.deepEqual([manifest.tracks.R.packets, manifest.tracks.W.packets], [8, 2]);
    assert.deepEqual(await heard(daemon, manifest, 'R', range(10, 8)), range(10, 8));
    assert.deepEqual(await drops(daemon), { late: 1 });
  });
});

describe('DATA that goes on long after an idle end', () => {
  test('finds the ports of its call, though those of others have rested and were released', async () => {
    await using daemon = await DaemonProcess.start({
      env: { RST_CALLS_IDLE_TIMEOUT: '1s', RST_MEDIA_PORT_REST: '200ms' },
    });
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    await stream(tap, 'R', 3, readPort);
    await ended(daemon, 1);
    const other = await tap.invite('other');
    await tap.bye('other');
    await daemon.ended('other');
    await tap.data('other', 'R', ulawPacket(), other.readPort);
    await daemon.logged(({ msg }) => msg.startsWith('late packets came to ports'));
    await stream(tap, 'R', 5, readPort, { first: 10 });
    await tap.bye(UUID);
    await ended(daemon, 2);
    const manifest = await daemon.manifest(UUID, 2);
    assert.equal(manifest.tracks.R.packets, 5);
    assert.deepEqual(await heard(daemon, manifest, 'R', range(10, 5)), range(10, 5));
  });
});

describe('a second tap on a call', () => {
  test('of a real FreeSWITCH is dropped frame by frame, and leaves the audio of the first', async () => {
    await using daemon = await DaemonProcess.start();
    const capture = readCaptureFile('duplicate-inv');
    const firstPort = capture.datagrams[0]?.fromPort;
    await replay(capture, daemon.port);
    await daemon.ended(capture.uuid);
    const manifest = await daemon.manifest(capture.uuid);
    assert.equal((await daemon.files()).filter((file) => file.endsWith('.json')).length, 1);
    const data = capture.datagrams.filter(({ bytes }) => bytes.toString('latin1', 0, 4) === 'DATA');
    for (const leg of ['R', 'W'] as const) {
      const mine = data.flatMap(({ fromPort }, i) =>
        fromPort === firstPort && capture.packets[i]?.leg === leg
          ? [capture.packets[i].payload]
          : [],
      );
      const track = manifest.tracks[leg];
      assert.equal(track.packets, mine.length);
      const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
      const expected = Int16Array.from(
        Buffer.concat(mine),
        (code) => ULAW_TO_LINEAR[code] as number,
      );
      const kept: number[] = [];
      let at = 0;
      for (const [gapAt, length] of [...track.gaps, [samples.length, 0] as const]) {
        kept.push(...samples.subarray(at, gapAt));
        at = gapAt + length;
      }
      assert.deepEqual(Int16Array.from(kept), expected);
    }
    const { R, W } = manifest.tracks;
    assert.deepEqual([R.dropped['duplicate-tap'], W.dropped['duplicate-tap']].sort(), [150, 151]);
    assert.equal(manifest.endReason, 'bye');
    assert.match(manifest.warnings[0] ?? '', /^a second tap from 127\.0\.0\.1:\d+ runs/);
    assert.match(manifest.warnings[1] ?? '', /said BYE; the one from .* is recorded/);
  });

  test('takes over when the first says BYE, and ends the call with its own', async () => {
    await using daemon = await DaemonProcess.start();
    await using first = await Tap.open(daemon.port);
    await using second = await Tap.open(daemon.port);
    await first.invite(UUID, false);
    await second.invite(UUID, false);
    await stream(first, 'R', 3);
    await stream(second, 'R', 2, undefined, { first: 30 });
    await first.bye(UUID);
    await first.bye(UUID);
    await stream(second, 'R', 4, undefined, { first: 40 });
    await second.bye(UUID);
    await daemon.ended(UUID);
    const manifest = await daemon.manifest(UUID);
    assert.deepEqual(await heard(daemon, manifest, 'R', range(1, 60)), [
      ...range(1, 3),
      ...range(40, 4),
    ]);
    assert.deepEqual(manifest.tracks.R.dropped, { 'duplicate-tap': 2 });
    assert.equal(manifest.events.length, 1);
    assert.equal((await daemon.files()).filter((file) => file.endsWith('.json')).length, 1);
  });

  test('takes over from a port-form tap that falls silent for 2 s, which gets no frame in any more', async () => {
    await using daemon = await DaemonProcess.start();
    await using first = await Tap.open(daemon.port);
    await using second = await Tap.open(daemon.port);
    const { readPort } = await first.invite(UUID);
    const bare = await second.invite(UUID);
    assert.ok(Number.isNaN(bare.readPort));
    await Promise.all([stream(first, 'R', 5, readPort), stream(second, 'R', 5)]);
    await stream(second, 'R', 125);
    const changed = await daemon.logged((line) => line.msg.includes('was silent for 2 s'));
    assert.ok(changed.msg.includes(`:${second.port} is recorded in its place`));
    await stream(first, 'R', 3, readPort, { first: 200 });
    await first.bye(UUID);
    await stream(second, 'R', 3, undefined, { first: 210 });
    await second.bye(UUID);
    await daemon.ended(UUID);
    const manifest = await daemon.manifest(UUID);
    assert.equal(manifest.endReason, 'bye');
    assert.deepEqual(await heard(daemon, manifest, 'R', range(200, 20)), range(210, 3));
    const { packets, dropped } = manifest.tracks.R;
    assert.equal(Number(packets) + (dropped['duplicate-tap'] ?? 0), 5 + 5 + 125 + 3 + 3);
    assert.match(manifest.warnings.join('\n'), /T.*Z: the tap from .* was silent for 2 s/);
  });
});

describe('the source lock', () => {
  async function run(sourceLock: string) {
    await using daemon = await DaemonProcess.start({ env: { RST_MEDIA_SOURCE_LOCK: sourceLock } });
    await using tap = await Tap.open(daemon.port);
    await using sibling = await Tap.open(daemon.port);
    await using stranger = await Tap.open(daemon.port, '127.0.0.2');
    const { readPort } = await tap.invite(UUID);
    await sibling.data(UUID, 'R', ulawPacket(), readPort);
    await sleep(50);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await sleep(50);
    await sibling.data(UUID, 'R', ulawPacket(), readPort);
    await stranger.data(UUID, 'R', ulawPacket(), readPort);
    await sleep(50);
    await tap.bye(UUID);
    await daemon.ended(UUID);
    const { packets, dropped } = (await daemon.manifest(UUID)).tracks.R;
    return { packets, dropped };
  }

  test('address: learns a port, and prefers the announced one', async () => {
    assert.deepEqual(await run('address'), { packets: 2, dropped: { 'wrong-source': 2 } });
  });

  test('strict: takes the announced port only', async () => {
    assert.deepEqual(await run('strict'), { packets: 1, dropped: { 'wrong-source': 3 } });
  });

  test('off: takes all that has the UUID', async () => {
    assert.deepEqual(await run('off'), { packets: 4, dropped: {} });
  });
});

describe('the control port', () => {
  test('answers nobody outside of server.allow, and says once what would let him in', async () => {
    await using daemon = await DaemonProcess.start({ env: { RST_SERVER_ALLOW: '127.0.0.2, ::1' } });
    await using refused = await Tap.open(daemon.port);
    await using allowed = await Tap.open(daemon.port, '127.0.0.2');
    for (let i = 0; i < 3; i++) await refused.send(`INV :${UUID}:100:200`);
    await stream(refused, 'R', 4);
    await allowed.send('INV :other:100:200');
    await allowed.answer('ACK :other');
    assert.deepEqual(refused.received, []);
    const lines = daemon.log.filter(({ msg }) => msg.includes('is not in server.allow'));
    assert.deepEqual(
      lines.map(({ line }) => line),
      ['allow = ["127.0.0.2", "::1", "127.0.0.1"]'],
    );
    assert.ok(daemon.log.some(({ msg }) => msg.startsWith('taps may send from 127.0.0.2, ::1')));
    assert.deepEqual(await drops(daemon), { 'not-allowed': 7 });
  });

  test('sends no more than it was sent: an INV shorter than its ACK is answered when it is repeated', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    await tap.send('INV :u:::1:2');
    await daemon.logged((line) => line.uuid === 'u' && line.msg === 'call started');
    await sleep(50);
    assert.deepEqual(tap.received, []);
    await tap.send('INV :u:::1:2');
    assert.match(await tap.answer('ACK'), /^ACK :u:\d+:\d+$/);
  });

  test('counts what is no message, and malformed and wrong DATA of a call, for the log', async () => {
    await using daemon = await DaemonProcess.start();
    await using tap = await Tap.open(daemon.port);
    const { readPort } = await tap.invite(UUID);
    await tap.send('hello there');
    await tap.send('DATA:nonsense', readPort);
    await tap.data('another', 'R', ulawPacket(), readPort);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    await tap.bye(UUID);
    await daemon.ended(UUID);
    assert.deepEqual(await drops(daemon), { malformed: 2, 'wrong-uuid': 1 });
  });
});
