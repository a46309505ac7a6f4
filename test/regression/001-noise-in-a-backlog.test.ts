/**
 * A packet of near-silence went missing where its sender had stalled.
 *
 * Without numbers, a packet with the same bytes as the one before it and right behind it was taken for a copy that
 * the network had made, and dropped. The noise of an idle converter (here FreeSWITCH's, resampled to 48 kHz: samples
 * of 0, 1 and -1) can be the same for a packet time, though, and a backlog comes as closely as copies do. So on a busy
 * machine a packet of 20 ms was lost now and then, and all behind it came 20 ms early, until silence made up for it.
 *
 * Besides, a backlog that came in at less than 15 ms a packet, or with a second stall in it, passed for real time. So
 * too much silence was put before it, which was taken back by leaving out quiet packets.
 *
 * Now the bytes alone prove nothing: a copy is one packet too many, so that it comes before its time, once that is
 * known. And a pause is decided on when no backlog comes in any more.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWav } from '../../src/audio/index.ts';
import type { MediaSummary } from '../../src/capture/media-summary.ts';
import { type CapturedPacket, readCaptureFile } from '../support/capture-file.ts';
import { assertAudioIsExact } from '../support/exact-audio.ts';
import { random } from '../support/leg-simulation.ts';
import { withMediaCall } from '../support/with-media-call.ts';

const CAPTURE = readCaptureFile('perleg-l16-48k');
const LEGS = ['R', 'W'] as const;
const MS_NS = 1e6;

interface Stall {
  fromMs: number;
  toMs: number;
}

/** When each packet leaves a sender that stands still now and then, and takes up to `costMs` for a packet. */
function leavingMs(stalls: Stall[], costMs: number, next: () => number): number[] {
  let nowMs = 0;
  return CAPTURE.packets.map(({ atMs }) => {
    nowMs = Math.max(nowMs, atMs);
    for (const { fromMs, toMs } of stalls) if (nowMs >= fromMs && nowMs < toMs) nowMs = toMs;
    nowMs += costMs * next();
    return nowMs;
  });
}

async function assertNothingIsLost(arrivalsMs: number[]): Promise<void> {
  await withMediaCall({}, async ({ receive, finish, read }) => {
    for (const [i, { leg, payload }] of CAPTURE.packets.entries())
      receive(leg, (arrivalsMs[i] as number) * MS_NS, 10, payload);
    const summary = await finish((arrivalsMs.at(-1) as number) * MS_NS);
    for (const leg of LEGS) {
      const { sampleRate, dropped, driftCorrections } = summary.tracks[leg];
      assert.deepEqual([sampleRate, dropped, driftCorrections], [48_000, {}, []]);
      const { samples } = parseWav(await read(pathOf(summary, leg)));
      const packets = CAPTURE.packets.filter((packet: CapturedPacket) => packet.leg === leg);
      assertAudioIsExact(samples, packets, { ...summary.tracks[leg], files: [] });
    }
  });
}

function pathOf({ recording }: MediaSummary, leg: string): string {
  return recording.files.find(({ format, track }) => format === 'wav' && track === leg)
    ?.path as string;
}

test('the noise of an idle line is kept whole wherever its sender stalls, and catches up at once', async () => {
  for (let fromMs = 0; fromMs < 1600; fromMs += 80)
    await assertNothingIsLost(leavingMs([{ fromMs, toMs: fromMs + 130 }], 0.2, () => 1));
});

test('so it is where the sender catches up slowly, and stalls again meanwhile', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = random(seed);
    const fromMs = 1500 * next();
    const toMs = fromMs + 300 * next();
    const againMs = toMs + 100 * next();
    const again = { fromMs: againMs, toMs: againMs + 150 * next() };
    await assertNothingIsLost(leavingMs([{ fromMs, toMs }, again], 12 * next(), next));
  }
});

test('so it is where the INV was read late, so that all packets seem to come too early', async () => {
  for (const lateMs of [10, 25, 50, 80, 150])
    for (const fromMs of [0, 30, 60, 90, 150]) {
      const arrivals = leavingMs([{ fromMs, toMs: fromMs + 70 }], 0.2, () => 1);
      await assertNothingIsLost(arrivals.map((ms) => Math.max(ms, lateMs) - lateMs));
    }
});
