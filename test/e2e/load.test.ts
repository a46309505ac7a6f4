import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { encodeUlaw, parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { noiseSamples, type SendSummary } from '../../src/send/index.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const CALLS = 100;
const SECONDS = 30;
const SAMPLES = SECONDS * 8000;
const PACKETS = SECONDS * 50;

/** Packets that leave later than this look like packets after lost ones. */
const LATE_MS = 15;

/** What memory may vary by while calls go on: one collection of garbage, far less than their audio. */
const FLAT_BYTES = 24e6;

test(`${CALLS} calls of ${SECONDS} s from another process: nothing lost, every file right, memory flat`, async () => {
  await using daemon = await DaemonProcess.start({ mediaPorts: '12400-12799' });
  const sender = spawn(process.execPath, [
    ...[COMMAND, 'send', '--to', `127.0.0.1:${daemon.port}`, '--json'],
    ...['--calls', String(CALLS), '--duration', `${SECONDS}s`, '--stagger', '5'],
    ...['--read', 'noise:1', '--write', 'noise:2'],
  ]);
  let output = '';
  sender.stdout.on('data', (bytes) => {
    output += bytes;
  });
  const exited = once(sender, 'close');
  const sizes: number[] = [];
  const watching = setInterval(() => {
    void residentBytes(daemon.process.pid as number).then((bytes) => sizes.push(bytes));
  }, 1000);
  const [code] = await exited;
  clearInterval(watching);
  assert.equal(code, 0);
  const summary = JSON.parse(output) as SendSummary;
  assert.equal(summary.totals.completed, CALLS);

  // A sender that was itself held up has sent late, and silence stands for that; the audio is whole all the same.
  const isPunctual = summary.totals.worstLateMs < LATE_MS;
  const expected = { R: decodedNoise(1), W: decodedNoise(2) };
  for (const { uuid } of summary.calls) {
    await daemon.ended(uuid);
    const manifest = await daemon.manifest(uuid);
    assert.deepEqual([manifest.endReason, manifest.warnings], ['bye', []]);
    for (const leg of ['R', 'W'] as const) {
      const track = manifest.tracks[leg];
      assert.equal(track.packets, PACKETS, 'no packet lost');
      assert.deepEqual(track.dropped, {});
      if (isPunctual) {
        assert.deepEqual([track.lostPackets, track.driftCorrections], [0, []]);
        assert.ok(track.gaps.every(([gapAt]) => gapAt === 0 || gapAt >= SAMPLES));
      }
      const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
      // Where silence had to be taken back after such a delay, a packet went with it.
      if (isPunctual || track.driftCorrections.length === 0)
        assert.deepEqual(withoutGaps(samples, track), expected[leg]);
    }
  }
  // The first seconds fill buffers and warm the code up.
  const steady = sizes.slice(10);
  assert.ok(steady.length > 10);
  const growth = Math.max(...steady.slice(-5)) - Math.min(...steady.slice(0, 5));
  assert.ok(growth < FLAT_BYTES, `memory: ${sizes.map((bytes) => Math.round(bytes / 1e6))} MB`);
  assert.equal(await daemon.stop(), 0);
});

function decodedNoise(seed: number): Int16Array {
  const codes = encodeUlaw(noiseSamples(seed, 0, SAMPLES));
  return Int16Array.from(codes, (code) => ULAW_TO_LINEAR[code] as number);
}

/** The audio that came, which is all but the silence at head and tail; those must be silent. */
function withoutGaps(samples: Int16Array, track: ManifestTrack): Int16Array {
  const heard = new Int16Array(samples.length);
  let length = 0;
  let at = 0;
  for (const [gapAt, gapSamples] of [...track.gaps, [samples.length, 0] as const]) {
    heard.set(samples.subarray(at, gapAt), length);
    length += gapAt - at;
    assert.ok(samples.subarray(gapAt, gapAt + gapSamples).every((sample) => sample === 0));
    at = gapAt + gapSamples;
  }
  return heard.slice(0, length);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
