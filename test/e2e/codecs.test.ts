import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeAlaw, parseWav, resample } from '../../src/audio/index.ts';
import { type CaptureFile, readCaptureFile } from '../support/capture-file.ts';
import { bestOffset } from '../support/correlate.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { assertAudioIsExact, assertInPlace } from '../support/exact-audio.ts';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { type Replayed, replay } from '../support/replay.ts';
import { speech } from '../support/speech.ts';
import { Tap } from '../support/tap.ts';

const UUID = '7d4dbb1c-3f0a-4c7e-8c53-6a1f2b9c0002';

for (const receiver of RECEIVER_NAMES)
  describe(`codecs of a real FreeSWITCH, replayed at their own pace (${receiver} receiver)`, () => {
    let daemon: DaemonProcess;
    const names = ['perleg-l16-48k', 'perleg-g729', 'single-port-g729', 'single-port-l16'];
    const captures = new Map<string, CaptureFile>();
    const replayed = new Map<string, Replayed>();

    before(async () => {
      daemon = await DaemonProcess.start({
        mediaPorts: '12800-12999',
        env: { RST_MEDIA_RECEIVER: receiver },
      });
      await Promise.all(
        names.map(async (name) => {
          const capture = readCaptureFile(name);
          captures.set(name, capture);
          replayed.set(name, await replay(capture, daemon.port));
          await daemon.ended(capture.uuid);
        }),
      );
    });

    after(() => daemon[Symbol.asyncDispose]());

    test('L16 at 48 kHz is found to be that, exact, and plays at the right speed', async () => {
      const capture = captures.get('perleg-l16-48k') as CaptureFile;
      const manifest = await daemon.manifest(capture.uuid);
      const { worstLateMs } = replayed.get('perleg-l16-48k') as Replayed;
      assert.ok(Math.abs(manifest.durationMs - 2037) < 40 + worstLateMs);
      for (const leg of ['R', 'W'] as const) {
        const track = manifest.tracks[leg];
        assert.deepEqual([track.codec, track.sampleRate, track.ptimeMs], ['L16', 48_000, 20]);
        const { samples, sampleRate } = parseWav(await daemon.read(track.files[0]?.path as string));
        assert.equal(sampleRate, 48_000);
        const packets = capture.packets.filter((packet) => packet.leg === leg);
        assertAudioIsExact(samples, packets, track);
        assertInPlace(packets, track, worstLateMs);
        const spoken = speech(leg === 'R' ? 'caller' : 'agent').subarray(0, 14_000);
        assert.ok(bestOffset(resample(samples, 48_000, 8000), spoken).correlation > 0.85);
      }
    });

    for (const name of ['perleg-g729', 'single-port-g729', 'single-port-l16']) {
      test(`${name} can not be decoded: raw files hold what came, and the manifest says why`, async () => {
        const capture = captures.get(name) as CaptureFile;
        const { durationMs, endReason, tracks, warnings } = await daemon.manifest(capture.uuid);
        assert.equal(endReason, 'bye');
        const { worstLateMs } = replayed.get(name) as Replayed;
        assert.ok(Math.abs(durationMs - 5630) < 40 + worstLateMs);
        for (const leg of ['R', 'W'] as const) {
          const [file, ...others] = tracks[leg].files;
          assert.deepEqual(others, []);
          assert.equal(file?.format, 'raw');
          assert.match(file?.path ?? '', name === 'perleg-g729' ? /-[RW]\.g729$/ : /-[RW]\.raw$/);
          const packets = capture.packets.filter((packet) => packet.leg === leg);
          const payloads = Buffer.concat(packets.map(({ payload }) => payload));
          assert.deepEqual(await daemon.read(file?.path as string), payloads);
          const warning = warnings.find((text) => text.startsWith(`${leg}: `)) ?? '';
          assert.match(warning, name === 'perleg-g729' ? /G729 is not decoded/ : /no payload type/);
        }
      });
    }

    test('G.729 has its time accounted for though it is not decoded', async () => {
      const capture = captures.get('perleg-g729') as CaptureFile;
      const { R, W } = (await daemon.manifest(capture.uuid)).tracks;
      assert.equal(R.samples, W.samples);
      const silent = R.gaps.reduce((sum, [, samples]) => sum + samples, 0);
      assert.equal(R.samples, 281 * 160 + silent);
    });
  });

for (const receiver of RECEIVER_NAMES)
  describe(`a call whose codec changes (${receiver} receiver)`, () => {
    test('goes on in the same recording without a jump in time', async () => {
      await using daemon = await DaemonProcess.start({
        mediaPorts: '13000-13099',
        env: { RST_RECORDS_FORMATS: 'wav,raw', RST_MEDIA_RECEIVER: receiver },
      });
      const [first, second] = [readCaptureFile('perleg-pcmu'), readCaptureFile('perleg-pcma')];
      const mixed = joined(first, second, 2000);
      const { worstLateMs } = await replay(mixed, daemon.port);
      await daemon.ended(mixed.uuid);
      const { tracks, warnings } = await daemon.manifest(mixed.uuid);
      assert.deepEqual(warnings, []);
      for (const leg of ['R', 'W'] as const) {
        const track = tracks[leg];
        assert.deepEqual(track.payloadTypes, [0, 8]);
        assert.deepEqual(
          track.files.map(({ path }) => path.split('-').at(-1)),
          [`${leg}.wav`, `${leg}.ulaw`, `${leg}.2.alaw`],
        );
        const packets = mixed.packets.filter((packet) => packet.leg === leg);
        const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
        assertAudioIsExact(samples, packets, track);
        assertInPlace(packets, track, worstLateMs);
      }
    });

    test('and whose rate changes keeps time and pitch', async () => {
      await using daemon = await DaemonProcess.start({
        mediaPorts: '13100-13199',
        env: { RST_MEDIA_L16_RATE: '48000', RST_MEDIA_RECEIVER: receiver },
      });
      await using tap = await Tap.open(daemon.port);
      const { readPort } = await tap.invite(UUID);
      // No two packets of it are alike, so that none passes for a copy.
      const hz = 505;
      const pace = pacer();
      for (let i = 0; i < 100; i++) {
        const wide = i >= 50;
        const [rate, payloadType] = wide ? [48_000, '10'] : [8000, '08'];
        const samples = Int16Array.from({ length: rate / 50 }, (_, n) =>
          Math.round(8000 * Math.sin(2 * Math.PI * hz * (i / 50 + n / rate))),
        );
        const payload = wide ? new Uint8Array(samples.buffer) : encodeAlaw(samples);
        await pace(i * 20);
        const header = Buffer.from(`DATA:${UUID}:R:${payloadType}:${payload.length}:`);
        await tap.send(Buffer.concat([header, payload]), readPort);
      }
      await tap.bye(UUID);
      await daemon.ended(UUID);
      const { R } = (await daemon.manifest(UUID)).tracks;
      assert.deepEqual([R.sampleRate, R.payloadTypes, R.dropped], [8000, [8, 10], {}]);
      const { samples } = parseWav(await daemon.read(R.files[0]?.path as string));
      // A tone crosses zero upwards once in 16 samples. The filter comes in within 2 ms of the change.
      const crossings: number[] = [];
      for (let n = 1; n < samples.length; n++)
        if ((samples[n - 1] as number) < 0 && (samples[n] as number) >= 0) crossings.push(n);
      assert.ok(crossings.length > 980);
      // Where this machine was late, silence is in the tone or a part of it missing.
      const breaks = [...R.gaps, ...R.driftCorrections].sort(([a], [b]) => a - b);
      let change = 50 * 160;
      for (const [at, length] of breaks) if (at < change) change += length;
      const isBroken = (n: number, period: number) =>
        breaks.some(([at, length]) => n >= at && n - period <= at + Math.max(0, length) + 1);
      for (const [i, n] of crossings.slice(1).entries()) {
        const period = n - (crossings[i] as number);
        assert.ok(
          Math.abs(period - 16) <= 1 || (n > change && n <= change + 16) || isBroken(n, period),
          `${period} at ${n}`,
        );
      }
    });
  });

/** Resolves at so many ms from now on. */
function pacer(): (atMs: number) => Promise<void> {
  const startMs = performance.now();
  return (atMs) =>
    new Promise((resolve) => setTimeout(resolve, Math.max(0, startMs + atMs - performance.now())));
}

/** The first call up to `atMs`, then the second from there on, under the first one's name and ports. */
function joined(first: CaptureFile, second: CaptureFile, atMs: number): CaptureFile {
  const renamed = second.datagrams.map((datagram) => {
    const twin = first.datagrams.find(({ to }) => to === datagram.to);
    const text = datagram.bytes.toString('latin1').replace(second.uuid, first.uuid);
    return { ...datagram, bytes: Buffer.from(text, 'latin1'), fromPort: twin?.fromPort as number };
  });
  return {
    name: 'mixed',
    uuid: first.uuid,
    datagrams: [
      ...first.datagrams.filter((datagram) => datagram.atMs < atMs),
      ...renamed.filter((datagram) => datagram.atMs >= atMs),
    ],
    packets: [
      ...first.packets.filter((packet) => packet.atMs < atMs),
      ...second.packets.filter((packet) => packet.atMs >= atMs),
    ],
  };
}
