import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ALAW_SILENCE, parseWav, ULAW_SILENCE } from '../../src/audio/index.ts';
import { type JournalContent, recoverFiles } from '../../src/recording/index.ts';
import type { JournalTrack } from '../../src/recording/read-journal.ts';
import type { SinkShape } from '../../src/recording/sink.ts';
import { WAV } from '../../src/recording/wav.ts';

const TAGS = { title: 'u', artist: '1 > 2', date: '2026', comment: 'c' };
const SHAPE: SinkShape = { sampleRate: 8000, channels: 1, codec: 'L16' };

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recover-'));
  await mkdir(join(dir, 'day'));
});

afterEach(() => rm(dir, { recursive: true }));

function tone(length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => ((i * 37) % 2000) - 1000);
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer);
}

function leave(name: string, ...parts: (Uint8Array | string)[]): Promise<void> {
  return writeFile(join(dir, 'day', name), Buffer.concat(parts.map((part) => Buffer.from(part))));
}

const LINEAR: JournalTrack = { codec: 'PCMU', sampleRate: 8000, wavCodec: 'pcm' };

function recover(tracks: JournalContent['tracks'] = { R: LINEAR, W: LINEAR }) {
  const journal = { head: null, tracks, recorder: null, next: null, recoverers: [] };
  return recoverFiles(dir, join(dir, 'day', 'u'), journal, TAGS);
}

async function names(): Promise<string[]> {
  return (await readdir(join(dir, 'day'))).sort();
}

async function wav(name: string) {
  return parseWav(await readFile(join(dir, 'day', name)));
}

describe('an unfinished recording', () => {
  test('becomes final: heads right, audio as it was, legs of one length', async () => {
    await leave('u-R.wav.part', WAV.head(SHAPE), bytesOf(tone(1000)));
    await leave('u-W.wav.part', WAV.head(SHAPE), bytesOf(tone(1800)));
    const { files, tracks, durationMs, warnings, leavesPart } = await recover();
    assert.deepEqual(await names(), ['u-R.wav', 'u-W.wav']);
    assert.deepEqual([durationMs, warnings, leavesPart], [225, [], false]);
    const track = { sampleRate: 8000, samples: 1800 };
    assert.deepEqual(tracks, { R: track, W: track });
    const R = (await wav('u-R.wav')).samples;
    assert.deepEqual(R.subarray(0, 1000), tone(1000));
    assert.ok(R.subarray(1000).every((sample) => sample === 0));
    assert.deepEqual((await wav('u-W.wav')).samples, tone(1800));
    for (const { path, sizeBytes, sha256 } of files) {
      const bytes = await readFile(join(dir, path));
      const tail = WAV.tail(TAGS, 3600);
      const head = WAV.finalHead(SHAPE, 3600, tail.length);
      assert.deepEqual(bytes.subarray(0, head.length), Buffer.from(head));
      assert.deepEqual(bytes.subarray(-tail.length), Buffer.from(tail));
      assert.equal(sizeBytes, bytes.length);
      assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'));
    }
    assert.deepEqual(
      files.map(({ track: name, path, format }) => [name, path, format]),
      [
        ['R', 'day/u-R.wav', 'wav'],
        ['W', 'day/u-W.wav', 'wav'],
      ],
    );
  });

  for (const [codec, silence] of [
    ['PCMU', ULAW_SILENCE],
    ['PCMA', ALAW_SILENCE],
  ] as const)
    test(`of ${codec} kept as it came is filled with its own silence`, async () => {
      const track: JournalTrack = { codec, sampleRate: 8000, wavCodec: 'native' };
      const head = WAV.head({ ...SHAPE, codec });
      await leave('u-R.wav.part', head, Buffer.alloc(321, 7));
      await leave('u-W.wav.part', head, Buffer.alloc(480, 9));
      await recover({ R: track, W: track });
      const bytes = await readFile(join(dir, 'day', 'u-R.wav'));
      assert.deepEqual(bytes.subarray(head.length, head.length + 321), Buffer.alloc(321, 7));
      const filled = bytes.subarray(head.length + 321, head.length + 480);
      assert.deepEqual(filled, Buffer.alloc(159, silence));
    });

  test('is right wherever its writing ended: within the head, half a sample, the tail, the final head', async () => {
    const head = WAV.head(SHAPE);
    const tail = WAV.tail(TAGS, 2000);
    const whole = [bytesOf(tone(1000)), tail];
    await leave('u-R.wav.part', WAV.finalHead(SHAPE, 2000, tail.length), ...whole);
    await leave('u-W.wav.part', head, ...whole);
    const { durationMs } = await recover();
    assert.equal(durationMs, 125);
    for (const name of ['u-R.wav', 'u-W.wav'])
      assert.deepEqual((await wav(name)).samples, tone(1000));

    for (const [sizeBytes, samples] of [
      [0, 0],
      [head.length - 1, 0],
      [head.length, 0],
      [head.length + 1, 0],
      [head.length + 801, 400],
    ] as const) {
      for (const name of await names()) await rm(join(dir, 'day', name));
      await leave('u-R.wav.part', head, bytesOf(tone(1000)));
      await truncate(join(dir, 'day', 'u-R.wav.part'), sizeBytes);
      await leave('u-W.wav.part', head, bytesOf(tone(600)));
      const { warnings } = await recover();
      assert.deepEqual(warnings, []);
      const R = (await wav('u-R.wav')).samples;
      assert.equal(R.length, 600);
      assert.deepEqual(R.subarray(0, samples), tone(samples));
      assert.ok(R.subarray(samples).every((sample) => sample === 0));
    }
  });

  test('of which a power cut has left no head is what its journal says', async () => {
    await leave('u-R.wav.part', new Uint8Array(WAV.head(SHAPE).length), bytesOf(tone(100)));
    await recover({ R: { ...LINEAR, sampleRate: 16_000 } });
    const { sampleRate, samples } = await wav('u-R.wav');
    assert.equal(sampleRate, 16_000);
    assert.deepEqual(samples, tone(100));
  });

  test('of which the journal is torn is what its head says', async () => {
    const head = WAV.head({ ...SHAPE, sampleRate: 48_000, codec: 'PCMA' });
    await leave('u-R.wav.part', head, Buffer.alloc(480, 3));
    const { tracks } = await recover({});
    assert.deepEqual(tracks.R, { sampleRate: 48_000, samples: 480 });
    assert.equal((await wav('u-R.wav')).encoding, 'alaw');
  });

  test('of which nobody says what it holds is left as it is, and that is said', async () => {
    await leave('u-R.pcm.part', 'abcdef');
    const { warnings, leavesPart, files } = await recover({});
    assert.deepEqual(warnings, ['u-R.pcm.part was not made final: nothing says what it holds']);
    assert.deepEqual([leavesPart, files], [true, []]);
    assert.deepEqual(await names(), ['u-R.pcm.part']);
  });

  test('with one leg gets a silent other one, as any call', async () => {
    await leave('u-W.pcm.part', bytesOf(tone(500)), 'x');
    await leave('u-W.wav.part', WAV.head(SHAPE), bytesOf(tone(480)));
    const { tracks } = await recover({ W: LINEAR });
    assert.deepEqual(tracks.R, { sampleRate: 8000, samples: 500 });
    assert.deepEqual(await names(), ['u-R.pcm', 'u-R.wav', 'u-W.pcm', 'u-W.wav']);
    assert.deepEqual((await wav('u-R.wav')).samples, new Int16Array(500));
    assert.equal((await wav('u-W.wav')).samples.length, 500);
  });

  test('of stereo is joined of its halves, and of one where there is only that', async () => {
    await leave('u-R.stereo.part', bytesOf(tone(300)));
    await leave('u-W.stereo.part', bytesOf(tone(200)));
    await leave('u.wav.part', 'what an earlier try has left');
    const { files } = await recover();
    assert.deepEqual(await names(), ['u.wav']);
    const { channels, samples } = await wav('u.wav');
    assert.deepEqual([channels, samples.length], [2, 600]);
    assert.deepEqual([samples[2], samples[3]], [tone(300)[1], tone(300)[1]]);
    assert.deepEqual(samples.subarray(400 + 2, 404), Int16Array.of(tone(300)[201] as number, 0));
    assert.deepEqual([files[0]?.track, files[0]?.format], [null, 'stereo']);

    await rm(join(dir, 'day', 'u.wav'));
    await leave('u-W.stereo.part', bytesOf(tone(200)));
    await recover({ W: LINEAR });
    assert.deepEqual(await names(), ['u.wav']);
    assert.deepEqual((await wav('u.wav')).samples.subarray(2, 4), Int16Array.of(0, -963));
  });

  test('has in every file what one of the same track has, wherever its process was between two writes', async () => {
    const [R, W] = [tone(900), tone(1700)];
    await leave('u-R.wav.part', WAV.head(SHAPE), bytesOf(R.subarray(0, 300)));
    await leave('u-R.stereo.part', bytesOf(R.subarray(0, 500)));
    await leave('u-R.pcm.part', bytesOf(R));
    await leave('u-W.wav.part');
    await leave('u-W.pcm.part', bytesOf(W).subarray(0, 3));
    await leave('u-W.stereo.part', bytesOf(W));
    const { warnings } = await recover();
    assert.deepEqual(warnings, []);
    assert.deepEqual(await names(), ['u-R.pcm', 'u-R.wav', 'u-W.pcm', 'u-W.wav', 'u.wav']);
    const full = { R: new Int16Array(1700), W };
    full.R.set(R);
    const both = (await wav('u.wav')).samples;
    for (const [channel, track] of (['R', 'W'] as const).entries()) {
      assert.deepEqual((await wav(`u-${track}.wav`)).samples, full[track], track);
      const pcm = await readFile(join(dir, 'day', `u-${track}.pcm`));
      assert.deepEqual(pcm, bytesOf(full[track]), track);
      assert.deepEqual(
        both.filter((_, i) => i % 2 === channel),
        full[track],
        track,
      );
    }
  });

  test('of which one file is final and shorter keeps that as it is', async () => {
    await leave('u-R.pcm', bytesOf(tone(100)));
    await leave('u-R.wav.part', WAV.head(SHAPE), bytesOf(tone(200)));
    const { warnings } = await recover();
    assert.deepEqual(warnings, ['u-R.pcm is shorter than the other track']);
    assert.deepEqual(await readFile(join(dir, 'day', 'u-R.pcm')), bytesOf(tone(100)));
    assert.deepEqual((await wav('u-R.wav')).samples, tone(200));
  });

  test('of stereo that was joined already loses its halves only', async () => {
    await leave('u-R.stereo.part', bytesOf(tone(300)));
    const shape: SinkShape = { ...SHAPE, channels: 2 };
    await leave('u.wav', WAV.finalHead(shape, 1200, 0), bytesOf(tone(600)));
    const before = await readFile(join(dir, 'day', 'u.wav'));
    const { files } = await recover();
    assert.deepEqual(await names(), ['u.wav']);
    assert.deepEqual(await readFile(join(dir, 'day', 'u.wav')), before);
    assert.equal(files.length, 1);
  });

  test('of payloads keeps them as they are, without half a sample or line', async () => {
    await leave('u-R.ulaw', 'final');
    await leave('u-R.2.l16.part', 'abcde');
    await leave('u-R.hex.part', '0x01 0x02\n0x0');
    await leave('u-W.g729.part', 'odd');
    const { files } = await recover({});
    assert.deepEqual(await names(), ['u-R.2.l16', 'u-R.hex', 'u-R.ulaw', 'u-W.g729']);
    assert.equal(await readFile(join(dir, 'day', 'u-R.2.l16'), 'latin1'), 'abcd');
    assert.equal(await readFile(join(dir, 'day', 'u-R.hex'), 'latin1'), '0x01 0x02\n');
    assert.deepEqual(
      files.map(({ format, sizeBytes }) => [format, sizeBytes]),
      [
        ['raw', 4],
        ['hex', 10],
        ['raw', 5],
        ['raw', 3],
      ],
    );
  });

  test('that a process left with both names of a file has one of them', async () => {
    await leave('u-R.wav', WAV.finalHead(SHAPE, 200, 0), bytesOf(tone(100)));
    await link(join(dir, 'day', 'u-R.wav'), join(dir, 'day', 'u-R.wav.part'));
    await leave('u-W.wav.part', WAV.head(SHAPE), bytesOf(tone(100)));
    const { warnings } = await recover();
    assert.deepEqual(warnings, []);
    assert.deepEqual(await names(), ['u-R.wav', 'u-W.wav']);
  });

  test('never takes the place of another file', async () => {
    await leave('u-R.wav', 'somebody else’s');
    await leave('u-R.wav.part', WAV.head(SHAPE), bytesOf(tone(100)));
    const { leavesPart, warnings } = await recover({ R: LINEAR });
    assert.equal(leavesPart, true);
    assert.ok(warnings.some((text) => text.startsWith('u-R.wav.part was not made final: ')));
    assert.equal(await readFile(join(dir, 'day', 'u-R.wav'), 'utf8'), 'somebody else’s');
    assert.equal((await readFile(join(dir, 'day', 'u-R.wav.part'))).length > 200, true);
  });

  test('takes no file of another recording', async () => {
    await leave('u.2-R.wav.part', WAV.head(SHAPE), bytesOf(tone(9)));
    await leave('u-R-W.wav.part', WAV.head(SHAPE));
    const { files } = await recover();
    assert.deepEqual(files, []);
    assert.deepEqual(await names(), ['u-R-W.wav.part', 'u.2-R.wav.part']);
  });
});
