import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A disk of its own takes a mount, which takes root. */
const skip = process.platform !== 'linux' || process.getuid?.() !== 0;

let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'full-disk-'));
});

after(() => rmdir(dir));

const source = (name: string) => new URL(`../../src/recording/${name}`, import.meta.url).href;

/** What every script below begins with: a recording on the small disk, and a way to fill that up. */
const PREAMBLE = `
  import { readFileSync, readdirSync, rmSync, statSync, writeSync, openSync, closeSync } from 'node:fs';
  import { join } from 'node:path';
  import { BlockPool, Recording } from '${source('index.ts')}';
  import { WAV } from '${source('wav.ts')}';
  const dir = process.cwd();
  const folder = join(dir, 'd');
  const TAGS = { title: 't', artist: 'a', date: 'd', comment: 'c' };
  const record = (formats) => {
    const options = { dir, formats, wavCodec: 'pcm', hex: false, sync: 'close' };
    const recording = new Recording(options, new BlockPool());
    recording.open('d/u', { uuid: 'u' });
    return recording;
  };
  const packetOf = (samples) => {
    const bytes = new Uint8Array(samples.buffer);
    return { codec: 'L16', bytes, start: 0, end: bytes.length, samples: samples.length };
  };
  const until = async (isTrue) => {
    const sizeOf = (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? -1;
    while (!isTrue(sizeOf)) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const fillDisk = () => {
    const fd = openSync(join(dir, 'filler'), 'w');
    try {
      for (;;) writeSync(fd, Buffer.alloc(4096));
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(fd);
    }
  };
  const say = (what) => console.log(JSON.stringify({ ...what, names: readdirSync(folder).sort() }));
`;

/** Runs the script in a process whose working directory is a disk of that size; returns what it said. */
async function onDisk(options: string, script: string): Promise<Record<string, unknown>> {
  const shell =
    'mount -t tmpfs -o "$1" none "$2" && cd "$2" && exec "$0" --input-type=module -e "$3"';
  const { stdout } = await run(
    'unshare',
    ['--mount', 'sh', '-c', shell, process.execPath, options, dir, PREAMBLE + script],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

describe('a disk that is full', { skip }, () => {
  test('at the end of a call leaves the audio whole as .part, the journal beside it, and says where', async () => {
    const said = await onDisk(
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
});
