import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';
import { type CaptureFile, readCaptureFile } from '../support/capture-file.ts';
import { bestOffset } from '../support/correlate.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { assertAudioIsExact, assertInPlace } from '../support/exact-audio.ts';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { type Replayed, replay } from '../support/replay.ts';
import { speech } from '../support/speech.ts';

const PACKET_MS = 20;
const SAMPLES_PER_MS = 8;

interface Expected {
  codec: string;
  endReason: string;
  /** Silent spans of a leg in the recorded call, in ms from its INV: [about when, how long]. */
  silences: Partial<Record<LegName, [atMs: number, lengthMs: number]>>;
  /** Frames that FreeSWITCH itself left out. */
  lost?: Partial<Record<LegName, number>>;
}

const CALLS: Record<string, Expected> = {
  'perleg-pcmu': { codec: 'PCMU', endReason: 'bye', silences: {} },
  'perleg-pcma': { codec: 'PCMA', endReason: 'bye', silences: {} },
  'perleg-l16': { codec: 'L16', endReason: 'bye', silences: {} },
  'perleg-gap': {
    codec: 'PCMU',
    endReason: 'bye',
    silences: { W: [2002, 2020] },
    lost: { R: 1, W: 1 },
  },
  'perleg-hold': {
    codec: 'PCMU',
    endReason: 'bye',
    silences: { R: [1996, 1986], W: [1996, 1986] },
  },
  'perleg-lost-bye': { codec: 'PCMU', endReason: 'idle', silences: {} },
  'single-port-pcmu': { codec: 'PCMU', endReason: 'bye', silences: {} },
  'single-port-pcma': { codec: 'PCMA', endReason: 'bye', silences: {} },
};

for (const receiver of RECEIVER_NAMES)
  describe(`calls of a real FreeSWITCH, replayed at their own pace (${receiver} receiver)`, () => {
    let daemon: DaemonProcess;
    const captures = new Map<string, CaptureFile>();
    const replayed = new Map<string, Replayed>();

    before(async () => {
      daemon = await DaemonProcess.start({
        env: {
          RST_CALLS_IDLE_TIMEOUT: '3s',
          RST_RECORDS_FORMATS: 'wav,pcm',
          RST_MEDIA_RECEIVER: receiver,
        },
      });
      await Promise.all(
        Object.keys(CALLS).map(async (name) => {
          const capture = readCaptureFile(name);
          captures.set(name, capture);
          replayed.set(name, await replay(capture, daemon.port));
          await daemon.ended(capture.uuid);
        }),
      );
    });

    after(() => daemon[Symbol.asyncDispose]());

    for (const [name, expected] of Object.entries(CALLS)) {
      test(`${name} leaves exactly its audio, each packet at its time, both legs of one length`, async () => {
        const capture = captures.get(name) as CaptureFile;
        const manifest = await daemon.manifest(capture.uuid);
        assert.equal(manifest.endReason, expected.endReason);
        assert.deepEqual([manifest.caller, manifest.warnings], ['13800001111', []]);
        const legs = await Promise.all([check('R'), check('W')]);
        assert.equal(legs[0], legs[1], 'both legs have the same number of samples');
        const lastMs = expected.endReason === 'bye' ? endOf(capture) : lastPacketOf(capture);
        const lateMs = (legs[0] as number) / SAMPLES_PER_MS - lastMs;
        const { worstLateMs } = replayed.get(name) as Replayed;
        assert.ok(lateMs > -PACKET_MS && lateMs < PACKET_MS + worstLateMs, `${lateMs} ms longer`);

        async function check(leg: LegName): Promise<number> {
          const track = manifest.tracks[leg];
          const packets = capture.packets.filter((packet) => packet.leg === leg);
          assert.equal(track.codec, expected.codec);
          assert.equal(track.packets, packets.length);
          assert.deepEqual([track.driftCorrections, track.dropped], [[], {}]);
          assert.equal(track.lostPackets, expected.lost?.[leg] ?? 0);
          const samples = await samplesOf(track);
          assertAudioIsExact(samples, packets, track);
          assertInPlace(packets, track, replayed.get(name)?.worstLateMs as number);
          assertSilence(track, expected.silences[leg]);
          return samples.length;
        }
      });
    }

    test("the caller's speech is in R, the agent's in W", async () => {
      const capture = captures.get('perleg-pcmu') as CaptureFile;
      const { tracks } = await daemon.manifest(capture.uuid);
      const [caller, agent] = [speech('caller'), speech('agent')];
      const [r, w] = [await samplesOf(tracks.R), await samplesOf(tracks.W)];
      assert.ok(bestOffset(r, caller).correlation > 0.99);
      assert.ok(bestOffset(w, agent).correlation > 0.99);
      assert.ok(bestOffset(r, agent).correlation < 0.3);
      assert.ok(bestOffset(w, caller).correlation < 0.3);
    });

    test('an INV with ports is answered with ports, one without with a bare ACK', () => {
      assert.match(replayed.get('perleg-pcmu')?.acks[0] ?? '', /^ACK :[0-9a-f-]{36}:\d+:\d+$/);
      assert.match(replayed.get('single-port-pcmu')?.acks[0] ?? '', /^ACK :[0-9a-f-]{36}$/);
      assert.match(
        replayed.get('perleg-pcmu')?.acks[1] ?? '',
        /^ACK :[0-9a-f-]{36}$/,
        'the answer to BYE',
      );
    });

    test('nothing is left but recordings, manifests and the CDR', async () => {
      const files = await daemon.files();
      assert.deepEqual(
        files.filter((file) => !/\.(wav|pcm|json|jsonl)$/.test(file)),
        [],
      );
      const [cdr] = files.filter((file) => file.startsWith('cdr/'));
      const lines = (await daemon.read(cdr as string)).toString().trim().split('\n');
      const uuids = lines.map((line) => JSON.parse(line).uuid).sort();
      assert.deepEqual(uuids, [...captures.values()].map(({ uuid }) => uuid).sort());
    });

    /** The samples of a track, the same in every file of it. */
    async function samplesOf(track: ManifestTrack): Promise<Int16Array> {
      const wav = track.files.find((file) => file.format === 'wav');
      const pcm = track.files.find((file) => file.format === 'pcm');
      const parsed = parseWav(await daemon.read(wav?.path as string));
      const raw = await daemon.read(pcm?.path as string);
      assert.equal(parsed.sampleRate, 8000);
      assert.equal(parsed.samples.length, track.samples);
      assert.deepEqual(
        Buffer.from(parsed.samples.buffer, parsed.samples.byteOffset, parsed.samples.byteLength),
        raw,
      );
      return parsed.samples;
    }
  });

function assertSilence(track: ManifestTrack, silence: [number, number] | undefined): void {
  const long = track.gaps.filter(([, samples]) => samples > 2 * PACKET_MS * SAMPLES_PER_MS);
  if (!silence) return assert.deepEqual(long, []);
  assert.equal(long.length, 1);
  const [atSample, samples] = long[0] as [number, number];
  assert.ok(Math.abs(atSample / SAMPLES_PER_MS - silence[0]) <= PACKET_MS);
  assert.ok(Math.abs(samples / SAMPLES_PER_MS - silence[1]) <= PACKET_MS);
}

function endOf({ datagrams }: CaptureFile): number {
  return datagrams.at(-1)?.atMs as number;
}

function lastPacketOf({ packets }: CaptureFile): number {
  return packets.at(-1)?.atMs as number;
}
