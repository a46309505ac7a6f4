import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Manifest, ManifestTrack } from '../../src/archive/index.ts';
import { encodeAlaw, encodeUlaw } from '../../src/audio/index.ts';
import { formatControl, formatData, type LegName } from '../../src/protocol/index.ts';
import { noiseSamples } from '../../src/send/index.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { random } from '../support/leg-simulation.ts';
import { RECEIVER_NAMES } from '../support/receivers.ts';
import { Tap } from '../support/tap.ts';

const LEGS = ['R', 'W'] as const;
const PACKETS = 300;
/**
 * Faster than the 20 ms that a packet holds, and so many at once in the beginning: then arrival has no part in the
 * length of anything, and a busy machine moves nothing.
 */
const PACE_MS = 10;
const AT_ONCE = 30;

interface Stream {
  title: string;
  payloadType: number;
  /** A packet of noise, no two of which are alike. */
  payload(leg: LegName, index: number): Uint8Array;
  samples: number;
  /** Offers numbers, and then loses, swaps and doubles packets. */
  isNumbered?: boolean;
  /** Everything goes to the control port. */
  isOldForm?: boolean;
}

function noise(leg: LegName, index: number, samples: number): Int16Array {
  return noiseSamples(leg === 'R' ? 1 : 2, index * samples, samples);
}

const ULAW = {
  payloadType: 0,
  samples: 160,
  payload: (leg: LegName, index: number) => encodeUlaw(noise(leg, index, 160)),
};
const ALAW = {
  payloadType: 8,
  samples: 160,
  payload: (leg: LegName, index: number) => encodeAlaw(noise(leg, index, 160)),
};
const WIDE = {
  payloadType: 10,
  samples: 320,
  payload: (leg: LegName, index: number) => new Uint8Array(noise(leg, index, 320).buffer),
};

const STREAMS: Stream[] = [
  { title: 'PCMU', ...ULAW },
  { title: 'PCMA', ...ALAW },
  { title: 'PCMU to the control port', ...ULAW, isOldForm: true },
  { title: 'L16, whose rate has to be found', ...WIDE },
  {
    title: 'PCMU with numbers, of which some are lost, swapped or doubled',
    ...ULAW,
    isNumbered: true,
  },
  {
    title: 'L16 with numbers, of which some are lost, swapped or doubled',
    ...WIDE,
    isNumbered: true,
  },
];

interface Leaving {
  leg: LegName;
  /** When it is due, in packets. */
  at: number;
  index: number;
}

/** What is sent of a stream, in order. */
function schedule({ isNumbered }: Stream): Leaving[] {
  const next = random(7);
  const all: Leaving[] = [];
  for (let index = 0; index < PACKETS; index++)
    for (const leg of LEGS) {
      const isLast = index === PACKETS - 1;
      const fate = isNumbered && !isLast ? next() : 1;
      if (fate < 0.05) continue;
      const lateBy = fate < 0.15 ? 1 + Math.floor(next() * 4) : 0;
      all.push({ leg, index, at: index + lateBy });
      if (fate > 0.15 && fate < 0.2) all.push({ leg, index, at: index + 2 });
    }
  return all.sort((a, b) => a.at - b.at);
}

/** One call as one tap has it with one of the daemons. */
interface Line {
  tap: Tap;
  daemon: DaemonProcess;
  ports: Record<LegName, number>;
}

async function invite(daemon: DaemonProcess, uuid: string, stream: Stream): Promise<Line> {
  const tap = await Tap.open(daemon.port);
  const { port } = tap;
  const ports = stream.isOldForm ? null : { readPort: port, writePort: port };
  const extension = stream.isNumbered
    ? { seq: true, ptimeMs: null, rateHz: stream.samples * 50, box: null }
    : null;
  const inv = { uuid, caller: '100', callee: '200', ports, extension };
  await tap.send(formatControl({ kind: 'inv', ...inv }));
  const [, , read, write] = (await tap.answer(`ACK :${uuid}`)).split(':');
  return {
    tap,
    daemon,
    ports: ports ? { R: Number(read), W: Number(write) } : { R: daemon.port, W: daemon.port },
  };
}

/** Sends the same datagrams at the same time to both. */
async function play(stream: Stream, daemons: DaemonProcess[], uuid: string): Promise<void> {
  const lines = await Promise.all(daemons.map((daemon) => invite(daemon, uuid, stream)));
  const datagrams = schedule(stream).map(({ leg, index, at }) => {
    const numbers = stream.isNumbered ? [index, index * stream.samples] : [];
    const payload = stream.payload(leg, index);
    return { leg, at, datagram: formatData(uuid, leg, stream.payloadType, payload, ...numbers) };
  });
  const startMs = performance.now();
  for (const { leg, at, datagram } of datagrams) {
    const waitMs = startMs + (at - AT_ONCE) * PACE_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    await Promise.all(lines.map(({ tap, ports }) => tap.send(datagram, ports[leg])));
  }
  await Promise.all(
    lines.map(async ({ tap, daemon }) => {
      await tap.bye(uuid);
      await daemon.ended(uuid);
      await tap[Symbol.asyncDispose]();
    }),
  );
}

/** By path, with the time of the start that a WAV file says inside taken out. */
async function sumsOf(daemon: DaemonProcess, manifest: Manifest): Promise<Record<string, string>> {
  const { tracks, files } = manifest;
  const paths = [...files, ...tracks.R.files, ...tracks.W.files].map(({ path }) => path as string);
  const sums: Record<string, string> = {};
  for (const path of paths) {
    const bytes = await daemon.read(path);
    // ICRD: its size in four bytes, and the date.
    const at = path.endsWith('.wav') ? bytes.lastIndexOf('ICRD') : -1;
    if (at >= 0) bytes.fill(0, at + 8, at + 8 + bytes.readUInt32LE(at + 4));
    sums[path.replace(/^\d{4}-\d\d-\d\d/, '')] = createHash('sha256').update(bytes).digest('hex');
  }
  return sums;
}

/** What a manifest says of a track, but for the sums of its files. */
function factsOf({ files, ...facts }: ManifestTrack): object {
  return { ...facts, files: files.map(({ format, sizeBytes }) => ({ format, sizeBytes })) };
}

describe('the same datagrams to two daemons, one with each receiver,', {
  skip: RECEIVER_NAMES.length < 2 && 'only one of them works here',
}, () => {
  test('leave the same files, byte for byte', async () => {
    const [dgram, batched] = await Promise.all(
      ['dgram', 'batched'].map((receiver, i) =>
        DaemonProcess.start({
          mediaPorts: `${14_800 + i * 100}-${14_899 + i * 100}`,
          env: {
            RST_MEDIA_RECEIVER: receiver,
            RST_DAEMON_NODE: 'same',
            RST_RECORDS_FORMATS: 'wav,pcm,raw,stereo',
            RST_RECORDS_HEX: 'true',
          },
        }),
      ),
    );
    await using one = dgram as DaemonProcess;
    await using other = batched as DaemonProcess;
    const running = [one, other].map(
      ({ log }) => log.find(({ msg }) => msg === 'listening')?.receiver,
    );
    assert.deepEqual(running, ['dgram', 'batched']);
    const uuids = STREAMS.map(() => randomUUID());
    await Promise.all(STREAMS.map((stream, i) => play(stream, [one, other], uuids[i] as string)));
    for (const [i, stream] of STREAMS.entries()) {
      const uuid = uuids[i] as string;
      const [left, right] = [await one.manifest(uuid), await other.manifest(uuid)];
      assert.deepEqual([left.warnings, right.warnings], [[], []]);
      const heard = await sumsOf(one, left);
      assert.ok(Object.keys(heard).length >= 9, stream.title);
      assert.deepEqual(await sumsOf(other, right), heard, stream.title);
      for (const leg of LEGS) {
        const track = left.tracks[leg];
        assert.deepEqual(factsOf(right.tracks[leg]), factsOf(track), stream.title);
        assertWhole(track, leg, stream);
      }
    }
  });
});

/** Nothing is missing but what was not sent. */
function assertWhole(track: ManifestTrack, leg: LegName, stream: Stream): void {
  const sent = schedule(stream).filter((leaving) => leaving.leg === leg);
  const indexes = new Set(sent.map(({ index }) => index));
  assert.equal(track.samples, PACKETS * stream.samples, stream.title);
  assert.equal(track.packets, sent.length);
  assert.equal(track.lostPackets, PACKETS - indexes.size);
  assert.equal(track.dropped.duplicate ?? 0, sent.length - indexes.size);
  if (stream.isNumbered) assert.ok(track.lostPackets > 2 && sent.length > indexes.size);
}
