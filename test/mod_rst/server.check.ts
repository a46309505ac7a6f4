import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { BadWayBack } from './bad-way-back.ts';
import { upTo } from './frames.ts';
import { TapPlay } from './tap-play.ts';

const MEDIA_PORTS = '9100-9299';

let play: TapPlay;
let daemon: DaemonProcess;

before(async () => {
  play = await TapPlay.start('asan', { 'ack-timeout-ms': 1000 });
  daemon = await start([]);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  await play.stop();
});

function start(args: string[], env: Record<string, string> = {}): Promise<DaemonProcess> {
  return DaemonProcess.start({
    mediaPorts: MEDIA_PORTS,
    args: ['--format', 'wav,raw', ...args],
    env,
  });
}

/** The numbers of the frames in a track's raw file. */
async function rawNumbers(
  daemon: DaemonProcess,
  track: ManifestTrack,
  frameBytes: number,
  at = 0,
): Promise<number[]> {
  const path = track.files.find(({ format }) => format === 'raw')?.path as string;
  const bytes = await daemon.read(path);
  assert.equal(bytes.length % frameBytes, 0);
  return upTo(bytes.length / frameBytes).map((frame) =>
    bytes.readUInt32BE(frame * frameBytes + at),
  );
}

describe('rst-server', () => {
  const codecs = [
    { codec: 'PCMU', name: 'PCMU', bytes: 160, at: 0, samples: 160 },
    { codec: 'PCMA', name: 'PCMA', bytes: 160, at: 0, samples: 160 },
    { codec: 'G729', name: 'G729', bytes: 20, at: 0, samples: 160 },
    { codec: 'G723', name: 'G723', bytes: 24, at: 1, samples: 240 },
    { codec: 'L16/8000', name: 'L16', bytes: 320, at: 0, samples: 160 },
    { codec: 'L16/16000', name: 'L16', bytes: 640, at: 0, samples: 320 },
  ];
  for (const { codec, name, bytes, at, samples } of codecs)
    test(`has every frame of a ${codec} call, none twice and none lost`, async () => {
      const uuid = await play.tap(daemon.port, codec);
      await play.host.run(`play ${uuid} RW 50 5000`);
      await play.hangUp(uuid);
      await daemon.ended(uuid);
      const manifest = await daemon.manifest(uuid);
      assert.deepEqual(
        [manifest.endReason, manifest.caller, manifest.callee],
        ['bye', '1001', '9210'],
      );
      for (const track of [manifest.tracks.R, manifest.tracks.W]) {
        assert.deepEqual([track.codec, track.packets, track.lostPackets], [name, 50, 0]);
        assert.deepEqual(track.dropped, {});
        assert.deepEqual(await rawNumbers(daemon, track, bytes, at), upTo(50));
        assert.ok(track.samples >= 50 * samples);
      }
      assert.equal(manifest.tracks.R.samples, manifest.tracks.W.samples);
    });

  test('has a decoded call at the rate that the tap names', async () => {
    const uuid = await play.tap(daemon.port, 'opus');
    await play.host.run(`play ${uuid} RW 50 5000`);
    await play.hangUp(uuid);
    await daemon.ended(uuid);
    const { tracks } = await daemon.manifest(uuid);
    for (const track of [tracks.R, tracks.W]) {
      assert.deepEqual([track.codec, track.sampleRate, track.lostPackets], ['L16', 48000, 0]);
      const wav = track.files.find(({ format }) => format === 'wav');
      const { samples } = parseWav(await daemon.read(wav?.path as string));
      const [first = 0] = track.gaps[0]?.[0] === 0 ? [track.gaps[0][1]] : [0];
      for (const frame of upTo(50)) assert.equal(samples[first + frame * 960 + 500], frame);
    }
  });

  test('has both codecs of a call whose legs differ, and a change in its midst', async () => {
    const uuid = await play.tap(daemon.port);
    await play.host.run(`codec ${uuid} W PCMA`);
    await play.host.run(`play ${uuid} RW 20 5000`);
    await play.host.run(`codec ${uuid} R opus`);
    await play.host.run(`play ${uuid} RW 20 5000`);
    await play.hangUp(uuid);
    await daemon.ended(uuid);
    const { tracks, warnings } = await daemon.manifest(uuid);
    assert.deepEqual(tracks.W.payloadTypes, [8]);
    assert.deepEqual(tracks.R.payloadTypes, [0, 10]);
    assert.deepEqual([tracks.R.packets, tracks.W.packets], [40, 40]);
    assert.deepEqual([tracks.R.lostPackets, tracks.W.lostPackets], [0, 0]);
    assert.deepEqual(warnings, []);
  });

  test('takes the tap off a call that has been recorded for long enough', async () => {
    await using short = await start(['--media-ports', '9300-9309'], {
      RST_CALLS_MAX_DURATION: '1s',
    });
    const uuid = await play.tap(short.port);
    const playing = play.host.run(`play ${uuid} RW 150 10000`);
    assert.equal((await play.host.event('rst::stop', uuid))['RST-Reason'], 'server');
    await playing;
    assert.equal((await play.host.run('stats')).bugs, 0);
    await play.host.run(`hangup ${uuid}`);
    assert.equal((await short.ended(uuid)).endReason, 'max-duration');
  });

  test('takes it off where its BYE is lost, and begins no further recording', async () => {
    await using short = await start(['--media-ports', '9320-9329'], {
      RST_CALLS_MAX_DURATION: '1s',
    });
    let byes = 0;
    await using way = await BadWayBack.open(
      short.port,
      (text) => text.startsWith('BYE') && byes++ < 2,
    );
    const uuid = await play.tap(way.port, 'PCMU', 'keepalive-ms=200');
    const playing = play.host.run(`play ${uuid} RW 200 10000`);
    assert.equal((await play.host.event('rst::stop', uuid))['RST-Reason'], 'server');
    assert.deepEqual(way.lost, [`BYE :${uuid}`, `BYE :${uuid}`]);
    await playing;
    assert.equal((await play.host.run('stats')).bugs, 0);
    await play.host.run(`hangup ${uuid}`);
    assert.equal((await short.ended(uuid)).endReason, 'max-duration');
    assert.deepEqual(
      short.log.filter(({ msg }) => msg === 'call started').map((line) => line.uuid),
      [uuid],
    );
  });

  test('has every frame where its answers are late, and those before came to its control port', async () => {
    let acks = 0;
    await using way = await BadWayBack.open(
      daemon.port,
      (text) => text.startsWith('ACK') && acks++ < 3,
    );
    const uuid = await play.tap(way.port, 'PCMU', 'ack-timeout-ms=200');
    await play.host.run(`play ${uuid} RW 200 10000`);
    assert.equal((await play.host.event('rst::start', uuid))['RST-Numbered'], 'true');
    await play.hangUp(uuid);
    await daemon.ended(uuid);
    const { tracks, warnings } = await daemon.manifest(uuid);
    assert.deepEqual(warnings, []);
    for (const track of [tracks.R, tracks.W]) {
      assert.deepEqual([track.packets, track.dropped], [200, {}]);
      // At the change from the one port to the other they may overtake each other.
      const numbers = await rawNumbers(daemon, track, 160);
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        upTo(200),
      );
    }
  });

  for (const host of ['::1', '::'])
    test(`that listens on ${host} records a call over IPv6`, async () => {
      await using daemon = await start(['--host', host, '--media-ports', '9330-9339']);
      const uuid = await play.call();
      assert.equal(
        await play.host.api(`uuid_rst ${uuid} ::1 ${daemon.port}`),
        `+OK ${uuid} is tapped to [::1]:${daemon.port}`,
      );
      await play.host.run(`play ${uuid} RW 50 5000`);
      assert.match(await play.host.api(`rst_stop ${uuid} [::1]:${daemon.port}`), /^\+OK /);
      await play.hangUp(uuid);
      await daemon.ended(uuid);
      const { tracks, warnings, endReason } = await daemon.manifest(uuid);
      assert.deepEqual([endReason, warnings], ['bye', []]);
      for (const track of [tracks.R, tracks.W]) {
        assert.deepEqual([track.packets, track.lostPackets], [50, 0]);
        assert.deepEqual(await rawNumbers(daemon, track, 160), upTo(50));
      }
    });

  test('that is killed and started again gets the rest of the call', async () => {
    const first = await start(['--media-ports', '9310-9319']);
    const { port } = first;
    const uuid = await play.tap(port);
    await play.host.run(`play ${uuid} RW 50 5000`);
    first.process.kill('SIGKILL');
    await new Promise((resolve) => first.process.once('exit', resolve));
    await play.host.run(`play ${uuid} RW 5 5000`);
    await play.host.event('rst::error', uuid);
    {
      await using again = await start(['--media-ports', '9310-9319', '--port', `${port}`]);
      await play.host.event('rst::start', uuid, 1);
      await play.host.run(`play ${uuid} RW 50 5000`);
      await play.hangUp(uuid);
      await again.ended(uuid);
      const { tracks, warnings } = await again.manifest(uuid);
      for (const track of [tracks.R, tracks.W]) {
        assert.ok(Number(track.packets) >= 50);
        assert.equal(track.lostPackets, 0);
      }
      assert.deepEqual(warnings, []);
    }
    await first[Symbol.asyncDispose]();
  });
});
