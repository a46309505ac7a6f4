import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ManifestTrack } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import { DataHeader, parseControl, parseData } from '../../src/protocol/index.ts';
import { type CaptureFile, readCaptureFile } from '../support/capture-file.ts';
import { bestOffset } from '../support/correlate.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { replay } from '../support/replay.ts';
import { speech } from '../support/speech.ts';

/** What the module of this project sent from a real FreeSWITCH. */
const CALLS = [
  { name: 'numbered/pcmu', codec: 'PCMU', payloadType: 0, rateHz: 8000 },
  { name: 'numbered/g729', codec: 'G729', payloadType: 18, rateHz: 8000 },
  { name: 'numbered/hold', codec: 'PCMU', payloadType: 0, rateHz: 8000 },
  { name: 'numbered/opus-decoded', codec: 'L16', payloadType: 10, rateHz: 48000 },
];

describe('calls that mod_rst has numbered on a real FreeSWITCH', () => {
  let daemon: DaemonProcess;
  const captures = new Map<string, CaptureFile>();

  before(async () => {
    daemon = await DaemonProcess.start({ mediaPorts: '9000-9039' });
    await Promise.all(
      CALLS.map(async ({ name }) => {
        const capture = readCaptureFile(name);
        captures.set(name, capture);
        await replay(capture, daemon.port);
        await daemon.ended(capture.uuid);
      }),
    );
  });
  after(() => daemon[Symbol.asyncDispose]());

  for (const { name, codec, payloadType, rateHz } of CALLS) {
    test(`${name} says what it is, and counts without a gap`, () => {
      const { datagrams, uuid } = captures.get(name) as CaptureFile;
      const inv = parseControl((datagrams[0] as CaptureFile['datagrams'][0]).bytes);
      assert.equal(inv.kind, 'inv');
      assert.ok(inv.kind === 'inv' && inv.uuid === uuid && inv.ports);
      assert.deepEqual([inv.caller, inv.callee.length], ['13800001111', 4]);
      assert.deepEqual(inv.extension, { seq: true, ptimeMs: 20, rateHz, box: 'pbx' });
      const bye = parseControl((datagrams.at(-1) as CaptureFile['datagrams'][0]).bytes);
      assert.deepEqual(bye, { kind: 'bye', uuid });
      const header = new DataHeader();
      const next = { R: { seq: 0, ts: 0 }, W: { seq: 0, ts: 0 } };
      for (const { bytes, to, fromPort } of datagrams) {
        if (parseData(bytes, header) !== 'data') continue;
        const leg = header.leg as 'R' | 'W';
        assert.equal(to, leg === 'R' ? 'read' : 'write');
        assert.equal(fromPort, leg === 'R' ? inv.ports?.readPort : inv.ports?.writePort);
        assert.equal(header.payloadType, payloadType);
        assert.equal(header.seq, next[leg].seq++);
        assert.ok(header.ts >= next[leg].ts);
        const size = bytes.length - header.payloadStart;
        next[leg].ts = header.ts + samplesIn(size, codec);
      }
    });

    test(`${name} is recorded without a loss`, async () => {
      const capture = captures.get(name) as CaptureFile;
      const { endReason, tracks } = await daemon.manifest(capture.uuid);
      assert.equal(endReason, 'bye');
      for (const leg of ['R', 'W'] as const) {
        const track = tracks[leg];
        const sent = capture.packets.filter((packet) => packet.leg === leg);
        assert.deepEqual(
          [track.codec, track.sampleRate, track.packets, track.lostPackets, track.dropped],
          [codec, rateHz, sent.length, 0, {}],
        );
      }
      assert.equal(tracks.R.samples, tracks.W.samples);
    });
  }

  for (const { name, rateHz } of CALLS.filter(({ name }) => /pcmu|opus/.test(name)))
    test(`${name} has the caller's speech in R and the agent's in W`, async () => {
      const { tracks } = await daemon.manifest((captures.get(name) as CaptureFile).uuid);
      const [r, w] = await Promise.all([samplesOf(tracks.R, rateHz), samplesOf(tracks.W, rateHz)]);
      const [caller, agent] = [speech('caller'), speech('agent')];
      const both = { caller: bestOffset(r, caller), agent: bestOffset(w, agent) };
      assert.ok(both.caller.correlation > 0.8, `R: ${both.caller.correlation}`);
      assert.ok(both.agent.correlation > 0.8, `W: ${both.agent.correlation}`);
      assert.ok(bestOffset(r, agent).correlation < 0.4);
      assert.ok(bestOffset(w, caller).correlation < 0.4);
    });

  /** At 8 kHz. */
  async function samplesOf(track: ManifestTrack, rateHz: number): Promise<Int16Array> {
    const path = track.files.find(({ format }) => format === 'wav')?.path as string;
    const { samples } = parseWav(await daemon.read(path));
    const part = rateHz / 8000;
    return Int16Array.from({ length: Math.floor(samples.length / part) }, (_, index) =>
      samples
        .subarray(index * part, (index + 1) * part)
        .reduce((sum, sample) => sum + sample / part, 0),
    );
  }
});

function samplesIn(size: number, codec: string): number {
  if (codec === 'L16') return size / 2;
  return codec === 'G729' ? size * 8 : size;
}
