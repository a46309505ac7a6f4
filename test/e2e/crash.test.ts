import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseWav } from '../../src/audio/index.ts';
import { packetsIn } from '../chaos/numbered-audio.ts';
import { type SentCall, SteadyTaps } from '../chaos/steady-taps.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const run = promisify(execFile);
const MEDIA_PORTS = '16700-16899';
/** What may be lost: records.flush_interval, 200 ms, and what this machine needs to get round to it. */
const LOST_MS = 1000 + 200 + 800;
const WAV_HEAD_BYTES = 80;

/** Has a server killed in the middle of calls; returns what was sent, and what of it was on the disk. */
async function crash(daemon: DaemonProcess, calls: number, isOldForm: boolean, extension: string) {
  await using taps = await SteadyTaps.start(daemon.port, calls, isOldForm);
  // Two seconds of each.
  for (const uuid of taps.uuids)
    while ((await sizeOf(daemon, `${uuid}-R.${extension}.part`)) < 32_000) await sleep(50);
  await daemon.kill();
  const killedAtMs = Date.now();
  const sent = await taps.hangUp(false);
  const left = new Map<string, Buffer>();
  for (const path of await daemon.files())
    if (path.endsWith('.part')) left.set(basename(path, '.part'), await daemon.read(path));
  return { sent, killedAtMs, left };
}

async function sizeOf(daemon: DaemonProcess, name: string): Promise<number> {
  const path = (await daemon.files()).find((file) => file.endsWith(`/${name}`));
  return path ? (await daemon.read(path)).length : 0;
}

function assertHeard(
  samples: Int16Array,
  { call, sentAtMs }: SentCall,
  leg: 'R' | 'W',
  killedAtMs: number,
) {
  const found = packetsIn(samples, call, leg, true);
  assert.deepEqual(
    found.map(({ number }) => number),
    found.map((_, i) => i),
    'the first packets, in order',
  );
  const lastMs = sentAtMs[leg][found.length - 1] ?? 0;
  assert.ok(lastMs >= killedAtMs - LOST_MS, `${leg}: lost the last ${killedAtMs - lastMs} ms`);
}

/** One of the two of interleaved samples. */
function channel(samples: Int16Array, index: 0 | 1): Int16Array {
  return samples.filter((_, i) => i % 2 === index);
}

/** Opens in the readers of others, at the length that ours has. */
async function assertPlays(path: string, samples: number): Promise<void> {
  const probe = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=duration_ts', '-of', 'csv=p=0', path],
  ]);
  assert.deepEqual([probe.stdout.trim(), probe.stderr], [String(samples), '']);
  const sox = await run('sox', ['--i', '-s', path]);
  assert.deepEqual([sox.stdout.trim(), sox.stderr], [String(samples), '']);
}

describe('a server that is killed in the middle of calls', () => {
  for (const form of ['port', 'old'] as const)
    test(`has every recording recovered by the next start, bit for bit (${form} form)`, async () => {
      await using daemon = await DaemonProcess.start({
        mediaPorts: MEDIA_PORTS,
        args: ['--format', 'wav,raw'],
      });
      const { sent, killedAtMs, left } = await crash(daemon, 3, form === 'old', 'wav');
      await using next = await DaemonProcess.start({
        mediaPorts: MEDIA_PORTS,
        records: daemon.records,
      });
      for (const call of sent) {
        await next.logged((line) => line.msg === 'recording recovered' && line.uuid === call.uuid);
        const manifest = await next.manifest(call.uuid);
        assert.equal(manifest.endReason, 'recovered');
        assert.deepEqual([manifest.caller, manifest.segment], [String(call.call), 1]);
        const { R, W } = manifest.tracks;
        assert.equal(R.samples, W.samples);
        assert.equal(manifest.durationMs, Math.round(R.samples / 8));
        for (const [leg, track] of [
          ['R', R],
          ['W', W],
        ] as const) {
          assert.deepEqual([track.codec, track.sampleRate], ['PCMU', 8000]);
          const [wav, raw] = ['wav', 'raw'].map((name) =>
            track.files.find(({ format }) => format === name),
          );
          assert.ok(wav && raw);
          const path = join(daemon.records, wav.path);
          const bytes = await readFile(path);
          const { samples } = parseWav(bytes);
          assert.equal(samples.length, track.samples);
          assertHeard(samples, call, leg, killedAtMs);
          const before = (left.get(basename(path)) as Buffer).subarray(WAV_HEAD_BYTES);
          const same = bytes.subarray(WAV_HEAD_BYTES, WAV_HEAD_BYTES + before.length);
          assert.ok(same.equals(before), 'what was on the disk is there');
          assert.equal(wav.sizeBytes, bytes.length);
          assert.ok((await next.read(raw.path)).equals(left.get(basename(raw.path)) as Buffer));
          await assertPlays(path, track.samples);
        }
      }
      const files = await next.files();
      assert.deepEqual(
        files.filter((file) => /\.(part|journal)$/.test(file)),
        [],
      );
      const cdr = files.find((file) => file.startsWith('cdr/')) ?? '';
      const lines = String(await next.read(cdr))
        .trim()
        .split('\n');
      assert.deepEqual(
        lines.map((line) => JSON.parse(line).endReason),
        sent.map(() => 'recovered'),
      );
    });

  test('has stereo files joined of their halves by "rst-server recover", with nothing running', async () => {
    await using daemon = await DaemonProcess.start({
      mediaPorts: MEDIA_PORTS,
      args: ['--format', 'stereo'],
    });
    const { sent, killedAtMs } = await crash(daemon, 2, false, 'stereo');
    const recover = (...args: string[]) =>
      run(process.execPath, [COMMAND, 'recover', daemon.records, ...args]);
    const before = await daemon.files();
    const dry = JSON.parse((await recover('--dry-run', '--json')).stdout);
    assert.deepEqual(
      dry.recordings.map((one: { state: string }) => one.state),
      ['found', 'found'],
    );
    assert.deepEqual(await daemon.files(), before);
    const { stdout, stderr } = await recover();
    assert.match(stdout, /2 recovered, 0 in use, 0 failed\n$/);
    assert.equal(stderr, '');
    for (const call of sent) {
      const { files, tracks } = await daemon.manifest(call.uuid);
      assert.deepEqual(
        files.map(({ format }) => format),
        ['stereo'],
      );
      const path = join(daemon.records, files[0]?.path ?? '');
      const { samples, channels } = parseWav(await readFile(path));
      assert.equal(channels, 2);
      assert.equal(samples.length, 2 * tracks.R.samples);
      assertHeard(channel(samples, 0), call, 'R', killedAtMs);
      assertHeard(channel(samples, 1), call, 'W', killedAtMs);
      await assertPlays(path, tracks.R.samples);
    }
    const again = await recover();
    assert.equal(again.stdout, 'No unfinished recordings.\n');
  });

  test('leaves alone what runs: "rst-server recover" beside a server touches none of its calls', async () => {
    await using daemon = await DaemonProcess.start({ mediaPorts: MEDIA_PORTS });
    await using taps = await SteadyTaps.start(daemon.port, 1);
    const [uuid = ''] = taps.uuids;
    while ((await sizeOf(daemon, `${uuid}-R.wav.part`)) < 8000) await sleep(50);
    const { stdout } = await run(process.execPath, [
      ...[COMMAND, 'recover', '--records', daemon.records, '--json'],
    ]);
    const { recordings } = JSON.parse(stdout);
    const [{ state, uuid: named }] = recordings;
    assert.deepEqual([recordings.length, state, named], [1, 'live', uuid]);
    const [call] = await taps.hangUp();
    await daemon.ended(uuid);
    const { endReason, tracks } = await daemon.manifest(uuid);
    assert.equal(endReason, 'bye');
    assert.equal(tracks.R.packets, call?.sentAtMs.R.length);
  });
});

describe('rst-server recover', () => {
  for (const args of [['/nowhere'], ['a', '--records', 'b'], ['--nonsense']])
    test(`ends with 2 for ${args.join(' ')}`, async () => {
      await assert.rejects(run(process.execPath, [COMMAND, 'recover', ...args]), { code: 2 });
    });
});
