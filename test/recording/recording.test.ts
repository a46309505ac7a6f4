import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Packet, type PcmCodec, parseWav } from '../../src/audio/index.ts';
import { BLOCK_BYTES } from '../../src/recording/block.ts';
import type { FormatName } from '../../src/recording/formats.ts';
import {
  escapeName,
  processMark,
  Recording,
  type RecordingOptions,
  type RecordingResult,
  removeJournal,
  TRACKS,
  type TrackWriter,
} from '../../src/recording/index.ts';
import { CountingPool } from '../support/counting-pool.ts';

const DATE = '2026-03-01';
const TAGS = { title: 't', artist: 'a', date: 'd', comment: 'c' };

let dir = '';
let pool = new CountingPool();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recording-'));
  pool = new CountingPool();
});

afterEach(async () => {
  await rm(dir, { recursive: true });
  assert.equal(pool.out, 0, 'every block is back');
});

const SETTINGS = { wavCodec: 'pcm', hex: false, sync: 'none' } as const;

function open(
  formats: FormatName[] = ['pcm'],
  uuid = 'u',
  settings: Partial<RecordingOptions> = {},
): Recording {
  const recording = new Recording({ dir, formats, ...SETTINGS, ...settings }, pool);
  recording.open(`${DATE}/${escapeName(uuid)}`, { uuid, caller: '138' });
  return recording;
}

function write(writer: TrackWriter, samples: Int16Array): void {
  const packet = new Packet();
  packet.codec = 'L16';
  packet.payload = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  packet.samples = samples.length;
  writer.audio(packet);
}

function tone(length: number, step: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => ((i * step) % 2000) - 1000);
}

async function samplesOf(path: string): Promise<Int16Array> {
  const bytes = await readFile(join(dir, path));
  if (path.endsWith('.wav')) return parseWav(bytes).samples;
  return new Int16Array(Uint8Array.from(bytes).buffer);
}

async function sizeOf(name: string): Promise<number> {
  return (await stat(join(dir, DATE, name))).size;
}

async function until(what: () => Promise<unknown>): Promise<void> {
  for (const endMs = Date.now() + 10_000; ; await delay(2))
    try {
      await what();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
    }
}

function pathsOf(result: RecordingResult): string[] {
  return result.files.map((file) => file.path).sort();
}

describe('a recording', () => {
  test('has one file per track and format, and all formats of a track hold the same samples', async () => {
    const recording = open(['wav', 'pcm']);
    const far = tone(50_000, 17);
    const near = tone(33_333, 5);
    const R = recording.startTrack('R', 'L16', 8000);
    const W = recording.startTrack('W', 'PCMU', 8000);
    for (let at = 0; at < far.length; at += 160) {
      write(R, far.slice(at, at + 160));
      write(W, near.slice(at, at + 160));
      if (at % 16_000 === 0) recording.flush();
    }
    const result = await recording.finish(TAGS);
    assert.deepEqual(result.warnings, []);
    assert.equal(result.segment, 1);
    assert.equal(result.stem, `${DATE}/u`);
    assert.deepEqual(pathsOf(result), [
      `${DATE}/u-R.pcm`,
      `${DATE}/u-R.wav`,
      `${DATE}/u-W.pcm`,
      `${DATE}/u-W.wav`,
    ]);
    for (const ending of ['wav', 'pcm']) {
      assert.deepEqual(await samplesOf(`${DATE}/u-R.${ending}`), far);
      assert.deepEqual(await samplesOf(`${DATE}/u-W.${ending}`), near);
    }
  });

  test('tells size and SHA-256 of each file as they are on the disk', async () => {
    const recording = open(['wav', 'pcm']);
    write(recording.startTrack('W', 'L16', 8000), tone(9000, 3));
    const { files } = await recording.finish(TAGS);
    assert.equal(files.length, 2);
    for (const file of files) {
      const bytes = await readFile(join(dir, file.path));
      assert.equal(file.track, 'W');
      assert.equal(file.format, file.path.slice(-3));
      assert.equal(file.sizeBytes, bytes.length);
      assert.equal(file.sha256, createHash('sha256').update(bytes).digest('hex'));
    }
  });

  test('takes memory for what it holds and not for how often it was flushed, while the disk is slow', async () => {
    const recording = open(['wav', 'pcm']);
    const samples = tone(10_000, 7);
    const R = recording.startTrack('R', 'L16', 8000);
    // Nothing is written before this is over.
    for (let at = 0; at < samples.length; at += 10) {
      write(R, samples.slice(at, at + 10));
      recording.flush();
    }
    // A block that is three quarters full is not filled further.
    assert.ok(pool.out <= Math.ceil((2 * samples.length) / (0.75 * BLOCK_BYTES)), `${pool.out}`);
    await recording.finish(TAGS);
    assert.deepEqual(await samplesOf(`${DATE}/u-R.wav`), samples);
    assert.deepEqual(await samplesOf(`${DATE}/u-R.pcm`), samples);
  });

  test('goes on in a block that is being written', async () => {
    const recording = open(['wav', 'pcm']);
    const R = recording.startTrack('R', 'L16', 8000);
    await until(() => access(join(dir, DATE, 'u-R.pcm.part')));
    const expected: number[] = [];
    for (let i = 0; i < 300; i++) {
      const samples = tone(1 + ((i * 37) % 200), i);
      write(R, samples);
      expected.push(...samples);
      if (i % 3 !== 0) recording.flush();
      if (i % 100 === 50) {
        R.silence(20_000);
        expected.push(...new Array<number>(20_000).fill(0));
      }
      if (i % 7 === 0) await new Promise(setImmediate);
    }
    await recording.finish(TAGS);
    assert.deepEqual(await samplesOf(`${DATE}/u-R.wav`), Int16Array.from(expected));
    assert.deepEqual(await samplesOf(`${DATE}/u-R.pcm`), Int16Array.from(expected));
  });

  test('is the same where each flush goes to the disk', async () => {
    const recording = open(['wav', 'stereo', 'raw'], 'u', { sync: 'interval' });
    const R = recording.startTrack('R', 'PCMU', 8000);
    const samples = tone(5000, 7);
    for (let at = 0; at < samples.length; at += 500) {
      write(R, samples.subarray(at, at + 500));
      recording.payloads('R').raw('PCMU', new Uint8Array(500).fill(at / 500), 0, 500);
      recording.flush();
      if (at === 2500) await until(async () => assert.ok((await sizeOf('u-R.wav.part')) > 5000));
    }
    R.silence(1000);
    const { files, warnings } = await recording.finish(TAGS);
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      files.map(({ path }) => path),
      [`${DATE}/u-R.wav`, `${DATE}/u-R.ulaw`, `${DATE}/u.wav`],
    );
    const heard = await samplesOf(`${DATE}/u-R.wav`);
    assert.deepEqual(heard.subarray(0, 5000), samples);
    assert.deepEqual(heard.subarray(5000), new Int16Array(1000));
  });

  test('keeps a journal and .part files while it is open, and final names only afterwards', async () => {
    const recording = open(['pcm']);
    const R = recording.startTrack('R', 'PCMU', 8000);
    const journal = join(dir, DATE, 'u.journal');
    await until(() => access(join(dir, DATE, 'u-R.pcm.part')));
    write(R, tone(100, 9));
    recording.startTrack('W', 'L16', 16_000);
    await until(() => access(join(dir, DATE, 'u-W.pcm.part')));
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
    const stem = `${DATE}/u`;
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { journal: 1, uuid: 'u', caller: '138', segment: 1, stem, process: processMark() },
        { track: 'R', codec: 'PCMU', sampleRate: 8000, wavCodec: 'pcm' },
        { track: 'W', codec: 'L16', sampleRate: 16_000, wavCodec: 'pcm' },
      ],
    );
    const unfinished = await readdir(join(dir, DATE));
    assert.deepEqual(unfinished.sort(), ['u-R.pcm.part', 'u-W.pcm.part', 'u.journal']);
    const result = await recording.finish(TAGS);
    assert.equal(result.journalPath, journal);
    // Whoever files the call removes the journal.
    const final = await readdir(join(dir, DATE));
    assert.deepEqual(final.sort(), ['u-R.pcm', 'u-W.pcm', 'u.journal']);
    await removeJournal(journal);
    await removeJournal(journal);
    assert.deepEqual((await readdir(join(dir, DATE))).sort(), ['u-R.pcm', 'u-W.pcm']);
  });

  test('puts hours of silence into a hole', async () => {
    const recording = open(['wav']);
    const R = recording.startTrack('R', 'L16', 8000);
    const hours = 10 * 3600 * 8000;
    write(R, Int16Array.of(1, 2, 3));
    R.silence(hours);
    write(R, Int16Array.of(4, 5));
    const { files, warnings } = await recording.finish(TAGS);
    assert.deepEqual(warnings, []);
    const path = join(dir, files[0]?.path as string);
    const { size, blocks } = await stat(path);
    assert.ok(size > 2 * hours);
    assert.ok(blocks * 512 < 1_000_000, `${blocks} blocks of 512 bytes`);
    const { samples } = parseWav(await readFile(path));
    assert.equal(samples.length, hours + 5);
    assert.deepEqual([...samples.subarray(0, 4)], [1, 2, 3, 0]);
    assert.deepEqual([...samples.subarray(-3)], [0, 4, 5]);
  });

  test('has short and long silence exactly as long as it was told', async () => {
    const recording = open(['pcm']);
    const R = recording.startTrack('R', 'L16', 8000);
    const lengths = [1, 7999, 8000, 8001, 15_999, 16_000, 16_001, 16_002, 40_000, 0];
    for (const length of lengths) {
      write(R, Int16Array.of(11));
      R.silence(length);
    }
    const { files } = await recording.finish(TAGS);
    const expected = lengths.flatMap((length) => [11, ...new Array<number>(length).fill(0)]);
    assert.deepEqual(await samplesOf(files[0]?.path as string), Int16Array.from(expected));
  });

  test('without a track has a journal and no file', async () => {
    const result = await open().finish(TAGS);
    assert.deepEqual(result.files, []);
    assert.deepEqual(result.warnings, []);
    assert.equal(result.stem, `${DATE}/u`);
    assert.deepEqual(await readdir(join(dir, DATE)), ['u.journal']);
  });

  test('stays below its folder whatever the UUID is', async () => {
    const recording = open(['pcm'], '../../evil/..');
    write(recording.startTrack('R', 'L16', 8000), tone(10, 1));
    const { files } = await recording.finish(TAGS);
    assert.equal(files[0]?.path, `${DATE}/%2E.%2F..%2Fevil%2F..-R.pcm`);
    assert.deepEqual(await readdir(dir), [DATE]);
  });
});

describe('a further recording of the same UUID', () => {
  test('is the next segment, whatever is left of the ones before it', async () => {
    const first = open(['pcm']);
    write(first.startTrack('R', 'L16', 8000), tone(10, 1));
    const one = await first.finish(TAGS);
    await removeJournal(one.journalPath as string);
    const second = open(['pcm']);
    write(second.startTrack('R', 'L16', 8000), tone(20, 2));
    const two = await second.finish(TAGS);
    assert.equal(two.segment, 2);
    assert.equal(two.stem, `${DATE}/u.2`);
    assert.deepEqual(pathsOf(two), [`${DATE}/u.2-R.pcm`]);
    assert.deepEqual(await samplesOf(`${DATE}/u-R.pcm`), tone(10, 1));
    assert.deepEqual(await samplesOf(`${DATE}/u.2-R.pcm`), tone(20, 2));
    const journal = await readFile(two.journalPath as string, 'utf8');
    assert.equal(JSON.parse(journal.split('\n')[0] as string).segment, 2);
  });

  test('takes no name that a manifest, an unfinished file or a journal holds', async () => {
    await mkdir(join(dir, DATE));
    await writeFile(join(dir, DATE, 'u.json'), '{}');
    await writeFile(join(dir, DATE, 'u.2-W.pcm.part'), 'x');
    await writeFile(join(dir, DATE, 'u.3.journal'), '{}');
    await writeFile(join(dir, DATE, 'u.4-R.pcm'), 'x');
    await writeFile(join(dir, DATE, 'u.5-W.g729'), 'x');
    await writeFile(join(dir, DATE, 'u.6.wav'), 'x');
    await writeFile(join(dir, DATE, 'u.7-W.alaw.part'), 'x');
    await writeFile(join(dir, DATE, 'u.8-R.stereo.part'), 'x');
    await writeFile(join(dir, DATE, 'u.9.wav.part'), 'x');
    await symlink('nowhere', join(dir, DATE, 'u.10-R.pcm'));
    const result = await open(['pcm']).finish(TAGS);
    assert.equal(result.segment, 11);
    assert.equal(result.stem, `${DATE}/u.11`);
    const journals = (await readdir(join(dir, DATE))).filter((name) => name.endsWith('.journal'));
    assert.deepEqual(
      journals.sort(),
      ['u.11.journal', 'u.3.journal'],
      'none is left of the names in between',
    );
  });

  test('is none that the one before takes up at the same moment', async () => {
    for (let round = 0; round < 50; round++) {
      const one = await open([], `r${round}`).finish(TAGS);
      const next = open([], `r${round}`);
      const path = join(dir, one.stem as string);
      // Filing, as the main thread does it, while the next call looks for its name.
      await writeFile(`${path}.json`, '{}', { flag: 'wx' });
      await removeJournal(`${path}.journal`);
      assert.equal((await next.finish(TAGS)).segment, 2);
    }
  });

  test('has its own files though all were opened at once', async () => {
    const recordings = Array.from({ length: 8 }, () => open(['wav']));
    recordings.forEach((recording, i) => {
      write(recording.startTrack('R', 'L16', 8000), Int16Array.of(i));
    });
    const results = await Promise.all(recordings.map((recording) => recording.finish(TAGS)));
    assert.deepEqual(results.map((result) => result.segment).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
    for (const [i, result] of results.entries()) {
      assert.deepEqual(result.warnings, []);
      assert.deepEqual(await samplesOf(result.files[0]?.path as string), Int16Array.of(i));
    }
  });
});

describe('a recording that fails', () => {
  test('because a file is where its folder should be ends in a warning', async () => {
    await writeFile(join(dir, DATE), 'no folder');
    const recording = open(['wav', 'pcm']);
    const R = recording.startTrack('R', 'L16', 8000);
    for (let i = 0; i < 20; i++) write(R, tone(8000, 1));
    R.silence(1e6);
    const result = await recording.finish(TAGS);
    assert.equal(result.stem, null);
    assert.equal(result.journalPath, null);
    assert.deepEqual(result.files, []);
    assert.ok(result.warnings.length > 0);
    assert.match(
      result.warnings[0] as string,
      /no recording can be created here \((EEXIST|ENOTDIR)\)/,
    );
    assert.equal(await readFile(join(dir, DATE), 'utf8'), 'no folder');
  });

  test('in one file keeps the others, and that file stays as .part', async () => {
    const recording = open(['pcm']);
    write(recording.startTrack('R', 'L16', 8000), tone(10, 1));
    write(recording.startTrack('W', 'L16', 8000), tone(10, 2));
    await until(() => access(join(dir, DATE, 'u-R.pcm.part')));
    await writeFile(join(dir, DATE, 'u-R.pcm'), 'theirs');
    const result = await recording.finish(TAGS);
    assert.deepEqual(pathsOf(result), [`${DATE}/u-W.pcm`]);
    assert.equal(result.warnings.length, 1);
    assert.match(
      result.warnings[0] as string,
      /u-R\.pcm: writing ended with EEXIST; what was written is left in u-R\.pcm\.part$/,
    );
    assert.equal(result.journalPath, null, 'the journal has to stay');
    await access(join(dir, DATE, 'u.journal'));
    assert.equal(await readFile(join(dir, DATE, 'u-R.pcm'), 'utf8'), 'theirs');
    assert.deepEqual(await samplesOf(`${DATE}/u-R.pcm.part`), tone(10, 1));
  });

  test('because it was never opened ends in a warning', async () => {
    const recording = new Recording({ dir, formats: ['pcm'], ...SETTINGS }, pool);
    write(recording.startTrack('R', 'L16', 8000), tone(10, 1));
    const result = await recording.finish(TAGS);
    assert.equal(result.stem, null);
    assert.equal(result.warnings.length, 1);
    assert.deepEqual(result.files, []);
    assert.deepEqual(await readdir(dir), []);
  });
});

test('a native WAV holds the codes of G.711 as they came, and what is another codec put into it', async () => {
  for (const codec of ['PCMU', 'PCMA'] as const) {
    const recording = open(['wav'], codec, { wavCodec: 'native' });
    const writer = recording.startTrack('R', codec, 8000);
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
    writer.audio(packetOf(codec, codes));
    writer.silence(3);
    writer.audio(packetOf('L16', new Uint8Array(new Int16Array([1000]).buffer)));
    await recording.finish(TAGS);
    const bytes = await readFile(join(dir, DATE, `${codec}-R.wav`));
    const { encoding, samples } = parseWav(bytes);
    assert.equal(encoding, codec === 'PCMU' ? 'ulaw' : 'alaw');
    assert.equal(samples.length, 260);
    const at = bytes.indexOf('data') + 8;
    assert.deepEqual(Uint8Array.from(bytes.subarray(at, at + 256)), codes);
    const silence = codec === 'PCMU' ? 0xff : 0xd5;
    assert.deepEqual([...bytes.subarray(at + 256, at + 259)], [silence, silence, silence]);
    assert.ok(Math.abs((samples[259] as number) - 1000) < 40);
    assert.equal(bytes.readUInt32LE(bytes.indexOf('fact') + 8), 260);
  }
});

test('an hour of silence in a native WAV is that of its codec', async () => {
  const recording = open(['wav'], 'u', { wavCodec: 'native' });
  const writer = recording.startTrack('R', 'PCMA', 8000);
  writer.silence(3600 * 8000);
  await recording.finish(TAGS);
  const bytes = await readFile(join(dir, DATE, 'u-R.wav'));
  const at = bytes.indexOf('data') + 8;
  assert.ok(bytes.subarray(at, at + 3600 * 8000).every((code) => code === 0xd5));
});

test("FreeSWITCH's filler of 0xFF is silence whatever the codec, but raw keeps it", async () => {
  for (const codec of ['PCMU', 'PCMA', 'L16'] as const) {
    const recording = open(['pcm', 'raw'], codec);
    const filler = new Uint8Array(160).fill(0xff);
    recording.startTrack('R', codec, 8000).audio(packetOf(codec, filler));
    recording.payloads('R').raw(codec, filler, 0, 160);
    const { files } = await recording.finish(TAGS);
    const [pcm, raw] = [files[0]?.path as string, files[1]?.path as string];
    assert.ok((await samplesOf(pcm)).every((sample) => sample === 0));
    assert.deepEqual(Uint8Array.from(await readFile(join(dir, raw))), filler);
  }
});

test('stereo joins both legs, R left and W right, and leaves nothing else behind', async () => {
  const recording = open(['stereo']);
  const [left, right] = [tone(20_000, 1), tone(12_000, 3)];
  write(recording.startTrack('R', 'L16', 8000), left);
  write(recording.startTrack('W', 'L16', 8000), right);
  const { files, warnings } = await recording.finish(TAGS);
  assert.deepEqual(warnings, []);
  assert.deepEqual(await readdir(join(dir, DATE)), ['u.journal', 'u.wav']);
  assert.deepEqual([files.length, files[0]?.track, files[0]?.format], [1, null, 'stereo']);
  const bytes = await readFile(join(dir, DATE, 'u.wav'));
  assert.equal(files[0]?.sizeBytes, bytes.length);
  const { channels, samples } = parseWav(bytes);
  assert.equal(channels, 2);
  assert.deepEqual(
    samples.filter((_, i) => i % 2 === 0),
    left,
  );
  const padded = new Int16Array(20_000);
  padded.set(right);
  assert.deepEqual(
    samples.filter((_, i) => i % 2 === 1),
    padded,
  );
});

test('stereo brings legs of two rates to that of the left one', async () => {
  const recording = open(['stereo', 'wav']);
  write(recording.startTrack('R', 'L16', 8000), tone(8000, 1));
  write(recording.startTrack('W', 'L16', 48_000), new Int16Array(48_000).fill(5000));
  const { files } = await recording.finish(TAGS);
  assert.equal(files.length, 3);
  const { sampleRate, samples } = parseWav(await readFile(join(dir, DATE, 'u.wav')));
  assert.deepEqual([sampleRate, samples.length], [8000, 16_000]);
  assert.ok(Math.abs((samples[8001] as number) - 5000) < 5);
});

test('stereo is as long as the call though both legs are silent at its end', async () => {
  const recording = open(['stereo']);
  for (const track of TRACKS) {
    const writer = recording.startTrack(track, 'L16', 8000);
    write(writer, tone(500, 3));
    writer.silence(100_000);
  }
  await recording.finish(TAGS);
  const { samples } = parseWav(await readFile(join(dir, DATE, 'u.wav')));
  assert.equal(samples.length, 2 * 100_500);
});

test('stereo has silence for a leg that never began', async () => {
  const recording = open(['stereo']);
  write(recording.startTrack('W', 'L16', 16_000), tone(900, 3));
  const { files, warnings, journalPath } = await recording.finish(TAGS);
  assert.deepEqual([files.length, warnings.length], [1, 0]);
  assert.ok(journalPath);
  assert.deepEqual((await readdir(join(dir, DATE))).sort(), ['u.journal', 'u.wav']);
  const { samples, sampleRate } = parseWav(await readFile(join(dir, DATE, 'u.wav')));
  assert.equal(sampleRate, 16_000);
  assert.deepEqual(
    samples,
    Int16Array.from(tone(900, 3)).reduce((both, sample, i) => {
      both[2 * i + 1] = sample;
      return both;
    }, new Int16Array(1800)),
  );
});

test('stereo has silence for a leg whose half could not be created, and says so', async () => {
  const recording = open(['stereo']);
  write(recording.startTrack('R', 'L16', 8000), tone(900, 3));
  await until(() => access(join(dir, DATE, 'u-R.stereo.part')));
  await writeFile(join(dir, DATE, 'u-W.stereo.part'), 'theirs');
  write(recording.startTrack('W', 'L16', 8000), tone(900, 5));
  const { warnings, journalPath } = await recording.finish(TAGS);
  assert.deepEqual(warnings, [
    `${join(dir, DATE, 'u-W.stereo')}: writing ended with EEXIST; from there on W is silent in u.wav`,
  ]);
  assert.ok(journalPath, 'nothing of ours is left');
  assert.equal(await readFile(join(dir, DATE, 'u-W.stereo.part'), 'utf8'), 'theirs');
  assert.deepEqual((await readdir(join(dir, DATE))).sort(), [
    'u-W.stereo.part',
    'u.journal',
    'u.wav',
  ]);
  const { samples } = parseWav(await readFile(join(dir, DATE, 'u.wav')));
  assert.deepEqual(
    samples.filter((_, i) => i % 2 === 0),
    tone(900, 3),
  );
  assert.ok(samples.every((sample, i) => i % 2 === 0 || sample === 0));
});

test('stereo that can not be made keeps what there is of it and the journal', async () => {
  const recording = open(['stereo']);
  write(recording.startTrack('R', 'L16', 8000), tone(900, 3));
  write(recording.startTrack('W', 'L16', 8000), tone(900, 5));
  await until(() => access(join(dir, DATE, 'u-W.stereo.part')));
  await until(() => unlink(join(dir, DATE, 'u-W.stereo.part')));
  const { files, warnings, journalPath } = await recording.finish(TAGS);
  assert.deepEqual([files, journalPath], [[], null]);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] as string,
    /u\.wav: the stereo file was not made: ENOENT.*u-R\.stereo\.part/,
  );
  assert.deepEqual((await readdir(join(dir, DATE))).sort(), ['u-R.stereo.part', 'u.journal']);
});

test('raw files are named after their codec, and a change begins a further one', async () => {
  const recording = open(['raw']);
  const payloads = recording.payloads('W');
  payloads.raw('PCMU', Uint8Array.of(1, 2, 3), 0, 3);
  payloads.raw('PCMU', Uint8Array.of(9, 4, 9), 1, 2);
  payloads.raw('PCMA', Uint8Array.of(5), 0, 1);
  payloads.raw('PCMU', Uint8Array.of(6), 0, 1);
  payloads.raw(null, Uint8Array.of(7), 0, 1);
  const { files } = await recording.finish(TAGS);
  const contents = await Promise.all(
    files.map(async ({ path, format }) => [path, format, [...(await readFile(join(dir, path)))]]),
  );
  assert.deepEqual(contents, [
    [`${DATE}/u-W.ulaw`, 'raw', [1, 2, 3, 4]],
    [`${DATE}/u-W.2.alaw`, 'raw', [5]],
    [`${DATE}/u-W.3.ulaw`, 'raw', [6]],
    [`${DATE}/u-W.4.raw`, 'raw', [7]],
  ]);
});

test('hex text has a line for each packet', async () => {
  const recording = open(['wav'], 'u', { hex: true });
  recording.payloads('R').hex(Uint8Array.of(0, 255, 16), 0, 3);
  recording.payloads('R').hex(Uint8Array.of(1, 7), 1, 2);
  await recording.finish(TAGS);
  assert.equal(await readFile(join(dir, DATE, 'u-R.hex'), 'utf8'), '0x00 0xff 0x10\n0x07\n');
});

function packetOf(codec: PcmCodec, bytes: Uint8Array): Packet {
  const packet = new Packet();
  packet.codec = codec;
  packet.payload = bytes;
  packet.samples = codec === 'L16' ? bytes.length / 2 : bytes.length;
  return packet;
}
