import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import type { Manifest } from '../../src/archive/index.ts';
import { encodeUlaw, parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { noiseSamples, type SendSummary } from '../../src/send/index.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const CALLS = 200;
const SECONDS = 10;
const PACKET = 160;
const PACKETS = SECONDS * 50;
/** Packets in a second. */
const WINDOW = 50;
const LEGS = ['R', 'W'] as const;
const NOISE = { R: heard(1), W: heard(2) };

describe(`${CALLS} calls with 5 % loss, 40 ms jitter, duplicates and reordering`, () => {
  test('with numbers: every sample that was received is at its true place, and loss is exact', async () => {
    await using daemon = await DaemonProcess.start({ mediaPorts: '13200-13999' });
    await checkNumbered(daemon, await run(daemon, CALLS, '--seq'));
  });

  test('without numbers: nine of ten seconds of both legs are together to within one packet time, the others to within two', async () => {
    await using daemon = await DaemonProcess.start({ mediaPorts: '14000-14799' });
    const apart: number[] = [];
    // In two halves: what the sender itself comes too late with is no jitter of up to 40 ms.
    const played = [...(await run(daemon, CALLS / 2)), ...(await run(daemon, CALLS / 2))];
    for (const { manifest } of played) {
      const errors = await Promise.all(LEGS.map((leg) => errorsOf(daemon, manifest, leg)));
      const [r, w] = errors as [Map<number, number>, Map<number, number>];
      const seconds: number[] = [];
      for (let from = 0; from + WINDOW <= PACKETS; from += WINDOW)
        seconds.push((meanIn(r, from) - meanIn(w, from)) / PACKET);
      apart.push(...seconds.map(Math.abs));
    }
    const share = (packets: number) => apart.filter((by) => by <= packets).length / apart.length;
    assert.ok(share(1) >= 0.9, `${share(1)} within one packet time`);
    assert.ok(share(2) >= 0.99, `${share(2)} within two`);
  });
});

test(`${CALLS / 4} calls with 10 % loss, 80 ms jitter, duplicates and reordering: with numbers the same is true`, async () => {
  await using daemon = await DaemonProcess.start({ mediaPorts: '13200-13999' });
  const worse = ['--loss', '10', '--jitter', '80', '--duplicate', '5'];
  await checkNumbered(daemon, await run(daemon, CALLS / 4, '--seq', ...worse));
});

interface Played {
  sent: SendSummary['calls'][number];
  manifest: Manifest;
}

async function run(daemon: DaemonProcess, calls: number, ...options: string[]): Promise<Played[]> {
  const sender = spawn(process.execPath, [
    ...[COMMAND, 'send', '--to', `127.0.0.1:${daemon.port}`, '--json'],
    ...['--calls', String(calls), '--duration', `${SECONDS}s`, '--stagger', '10'],
    ...['--loss', '5', '--jitter', '40', '--reorder', '--duplicate', '2'],
    ...['--read', 'noise:1', '--write', 'noise:2', ...options],
  ]);
  let output = '';
  sender.stdout.on('data', (bytes) => {
    output += bytes;
  });
  const [code] = await once(sender, 'close');
  assert.equal(code, 0);
  const summary = JSON.parse(output) as SendSummary;
  return Promise.all(
    summary.calls.map(async (sent) => {
      await daemon.ended(sent.uuid);
      return { sent, manifest: await daemon.manifest(sent.uuid) };
    }),
  );
}

/** Every sample that was received is at its true place, and loss is exact. */
async function checkNumbered(daemon: DaemonProcess, calls: Played[]): Promise<void> {
  for (const { sent, manifest } of calls) {
    assert.deepEqual(sent.seq, { offered: true, accepted: true });
    for (const leg of LEGS) {
      const track = manifest.tracks[leg];
      const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
      const head = track.gaps[0]?.[0] === 0 ? headOf(track.gaps[0][1], samples, NOISE[leg]) : 0;
      const missing = packetsMissing(samples, NOISE[leg], head);
      // Those behind the last packet nobody can know of.
      const atEnd = PACKETS - 1 - lastPlaced(missing);
      assert.equal(missing.length, sent.legs[leg].lost + lateOf(track.dropped));
      assert.equal(track.lostPackets, missing.length - atEnd);
      assert.equal(track.dropped.duplicate ?? 0, sent.legs[leg].duplicates);
    }
  }
}

/** Noise as it sounds behind μ-law. */
function heard(seed: number): Int16Array {
  const codes = encodeUlaw(noiseSamples(seed, 0, PACKETS * PACKET));
  return Int16Array.from(codes, (code) => ULAW_TO_LINEAR[code] as number);
}

function isAt(samples: Int16Array, at: number, noise: Int16Array, packet: number): boolean {
  if (at < 0 || at + PACKET > samples.length) return false;
  for (let i = 0; i < PACKET; i++) if (samples[at + i] !== noise[packet * PACKET + i]) return false;
  return true;
}

/** How much silence is before packet 0: all of the first gap, or that without lost packets. */
function headOf(gap: number, samples: Int16Array, noise: Int16Array): number {
  for (let packet = 0; packet * PACKET <= gap; packet++)
    if (isAt(samples, gap, noise, packet)) return gap - packet * PACKET;
  throw new Error('no packet begins behind the first gap');
}

/** The packets that are not at their place; in theirs there is silence. */
function packetsMissing(samples: Int16Array, noise: Int16Array, head: number): number[] {
  const missing: number[] = [];
  for (let packet = 0; packet < PACKETS; packet++) {
    const at = head + packet * PACKET;
    if (isAt(samples, at, noise, packet)) continue;
    missing.push(packet);
    assert.ok(
      samples.subarray(at, at + PACKET).every((sample) => sample === 0),
      `packet ${packet}`,
    );
  }
  return missing;
}

function lastPlaced(missing: number[]): number {
  let last = PACKETS - 1;
  while (missing.includes(last)) last--;
  return last;
}

function lateOf(dropped: Record<string, number>): number {
  return dropped['late-seq'] ?? 0;
}

/** The usual error of a second of a leg: single packets are out of place where the network has swapped them. */
function meanIn(errors: Map<number, number>, from: number): number {
  const found: number[] = [];
  for (let packet = from; packet < from + WINDOW; packet++) {
    const error = errors.get(packet);
    if (error !== undefined) found.push(error);
  }
  return found.reduce((sum, error) => sum + error, 0) / found.length;
}

/** How far each packet that is found is from where it was sent, in samples from the beginning of the leg. */
async function errorsOf(
  daemon: DaemonProcess,
  manifest: Manifest,
  leg: 'R' | 'W',
): Promise<Map<number, number>> {
  const { samples } = parseWav(await daemon.read(manifest.tracks[leg].files[0]?.path as string));
  const starts = new Map<number, number[]>();
  for (let at = 0; at < samples.length; at++) {
    const value = samples[at] as number;
    const places = starts.get(value);
    if (places) places.push(at);
    else starts.set(value, [at]);
  }
  const errors = new Map<number, number>();
  for (let packet = 0; packet < PACKETS; packet++) {
    const place = starts
      .get(NOISE[leg][packet * PACKET] as number)
      ?.find(
        (at) => Math.abs(at - packet * PACKET) < 8000 && isAt(samples, at, NOISE[leg], packet),
      );
    if (place !== undefined) errors.set(packet, place - packet * PACKET);
  }
  return errors;
}
