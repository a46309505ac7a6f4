import assert from 'node:assert/strict';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { onDisk, skip } from './on-disk.ts';

let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'full-disk-'));
});

after(() => rmdir(dir));

describe('a disk that is full', { skip }, () => {
  test('at the end of a call leaves the audio whole as .part, the journal beside it, and says where', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      const recording = record(['wav', 'pcm']);
      const R = recording.startTrack('R', 'L16', 8000);
      // Head and samples end with a page, so that the tags need a further one.
      const headBytes = WAV.head({ sampleRate: 8000, channels: 1, codec: 'L16' }).length;
      const samples = new Int16Array((8 * 4096 - headBytes) / 2).fill(321);
      R.audio(packetOf(samples));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.wav.part') === 8 * 4096);
      await until((sizeOf) => sizeOf('u-R.pcm.part') === samples.byteLength);
      fillDisk();
      const { files, journalPath, warnings } = await recording.finish(TAGS);
      const kept = readFileSync(join(folder, 'u-R.wav.part')).subarray(headBytes);
      const isWhole = kept.equals(Buffer.from(samples.buffer));
      say({ files: files.map(({ path }) => path), journalPath, warnings, isWhole });
      `,
    );
    assert.deepEqual(said, {
      files: ['d/u-R.pcm'],
      journalPath: null,
      warnings: [
        `${dir}/d/u-R.wav: writing ended with ENOSPC; what was written is left in u-R.wav.part`,
      ],
      isWhole: true,
      names: ['u-R.pcm', 'u-R.wav.part', 'u.journal'],
    });
  });

  test('before a call leaves no empty journal that would hold the name for ever', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      mkdirSync(folder);
      fillDisk();
      const { stem, journalPath, warnings } = await record(['wav']).finish(TAGS);
      say({ stem, journalPath, warnings });
      `,
    );
    assert.deepEqual(said, {
      stem: null,
      journalPath: null,
      warnings: [`${dir}/d: no recording can be created here (ENOSPC)`],
      names: [],
    });
  });

  test('of names, but not of room, gives a file its name all the same', async () => {
    const said = await onDisk(
      dir,
      'size=256k,nr_inodes=20',
      `
      const recording = record(['pcm']);
      recording.startTrack('R', 'L16', 8000).audio(packetOf(new Int16Array(100)));
      await until((sizeOf) => sizeOf('u-R.pcm.part') >= 0);
      const fillNames = () => {
        for (let i = 0; ; i++) writeFileSync(join(dir, 'filler' + i), '');
      };
      try {
        fillNames();
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
      const { files, warnings } = await recording.finish(TAGS);
      say({ files: files.map(({ path }) => path), warnings });
      `,
    );
    assert.deepEqual(said, {
      files: ['d/u-R.pcm'],
      warnings: [],
      names: ['u-R.pcm', 'u.journal'],
    });
  });

  test('in the middle of one half of a stereo file costs nothing once there is room again', async () => {
    const said = await onDisk(
      dir,
      'size=512k',
      `
      const recording = record(['stereo']);
      const R = recording.startTrack('R', 'L16', 8000);
      const W = recording.startTrack('W', 'L16', 8000);
      R.audio(packetOf(new Int16Array(30_000).fill(1)));
      W.audio(packetOf(new Int16Array(10_240).fill(2)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.stereo.part') === 60_000);
      await until((sizeOf) => sizeOf('u-W.stereo.part') === 20_480);
      fillDisk();
      W.audio(packetOf(new Int16Array(8000).fill(3)));
      recording.flush();
      await until(() => reports.length > 0);
      rmSync(join(dir, 'filler'));
      const { files, journalPath, warnings } = await recording.finish(TAGS);
      const wav = readFileSync(join(folder, 'u.wav'));
      const at = wav.indexOf('data') + 8;
      const sides = [0, 1].map((side) => {
        const counts = {};
        for (let i = 0; i < 30_000; i++) {
          const sample = wav.readInt16LE(at + 4 * i + 2 * side);
          counts[sample] = (counts[sample] ?? 0) + 1;
        }
        return counts;
      });
      const hasJournal = journalPath !== null;
      say({ files: files.map(({ path }) => path), hasJournal, warnings, sides, reports, out: pool.out });
      `,
    );
    assert.deepEqual(said, {
      files: ['d/u.wav'],
      hasJournal: true,
      warnings: [],
      sides: [{ 1: 30_000 }, { 0: 11_760, 2: 10_240, 3: 8000 }],
      reports: ['failing'],
      out: 0,
      names: ['u.journal', 'u.wav'],
    });
  });

  test('before a stereo file is joined leaves both halves and the journal, and nothing half made', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      const recording = record(['stereo']);
      for (const track of ['R', 'W'])
        recording.startTrack(track, 'L16', 8000).audio(packetOf(new Int16Array(16_384)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.stereo.part') + sizeOf('u-W.stereo.part') === 65_536);
      fillDisk();
      const { files, journalPath, warnings } = await recording.finish(TAGS);
      say({ files, journalPath, warnings });
      `,
    );
    assert.deepEqual(said, {
      files: [],
      journalPath: null,
      warnings: [
        'd/u.wav: the stereo file was not made: ENOSPC: no space left on device, write; its audio is left in u-R.stereo.part and u-W.stereo.part',
      ],
      names: ['u-R.stereo.part', 'u-W.stereo.part', 'u.journal'],
    });
  });

  test('within the last bytes of a stereo file makes no file that ends early', async () => {
    const said = await onDisk(
      dir,
      'size=256k',
      `
      const recording = record(['stereo']);
      // The last page ends ten bytes into the tags.
      const headBytes = WAV.head({ sampleRate: 8000, channels: 2, codec: 'L16' }).length;
      const frames = Math.floor((8 * 4096 - headBytes - 10) / 4);
      for (const track of ['R', 'W'])
        recording.startTrack(track, 'L16', 8000).audio(packetOf(new Int16Array(frames)));
      recording.flush();
      await until((sizeOf) => sizeOf('u-R.stereo.part') + sizeOf('u-W.stereo.part') === 4 * frames);
      writeFileSync(join(dir, 'room'), new Uint8Array(8 * 4096));
      fillDisk();
      rmSync(join(dir, 'room'));
      const { files, journalPath } = await recording.finish(TAGS);
      say({ files, journalPath });
      `,
    );
    assert.deepEqual(said, {
      files: [],
      journalPath: null,
      names: ['u-R.stereo.part', 'u-W.stereo.part', 'u.journal'],
    });
  });
});

test('a half that can not be removed once it is joined is left, and the stereo file counts', {
  skip,
}, async () => {
  const said = await onDisk(
    dir,
    'size=256k',
    `
    const recording = record(['stereo']);
    for (const track of ['R', 'W'])
      recording.startTrack(track, 'L16', 8000).audio(packetOf(new Int16Array(1000)));
    recording.flush();
    await until((sizeOf) => sizeOf('u-R.stereo.part') + sizeOf('u-W.stereo.part') === 4000);
    // What something is mounted on can't be removed.
    const half = join(folder, 'u-W.stereo.part');
    execFileSync('mount', ['--bind', half, half]);
    const { files, journalPath, warnings } = await recording.finish(TAGS);
    say({ files: files.map(({ path }) => path), journalPath, warnings });
    `,
  );
  assert.deepEqual(said, {
    files: ['d/u.wav'],
    journalPath: null,
    warnings: [`${dir}/d/u-W.stereo.part: what was joined could not be removed: EBUSY`],
    names: ['u-W.stereo.part', 'u.journal', 'u.wav'],
  });
});
