import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A disk of its own takes a mount, which takes root. */
export const skip = process.platform !== 'linux' || process.getuid?.() !== 0;

const source = (name: string) => new URL(`../../src/${name}`, import.meta.url).href;
const support = new URL('../support/counting-pool.ts', import.meta.url).href;

/** What every script begins with: recordings on a disk of their own, and ways to fill that up and to look at it. */
const PREAMBLE = `
  import { execFileSync, spawn } from 'node:child_process';
  import {
    closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync,
    writeSync,
  } from 'node:fs';
  import { join } from 'node:path';
  import { BLOCK_BYTES } from '${source('recording/block.ts')}';
  import { Disk } from '${source('recording/disk.ts')}';
  import { parseWav } from '${source('audio/index.ts')}';
  import { Recording } from '${source('recording/index.ts')}';
  import { WAV } from '${source('recording/wav.ts')}';
  import { CountingPool } from '${support}';
  const pool = new CountingPool(40 * BLOCK_BYTES);
  const reports = [];
  const dir = process.cwd();
  const folder = join(dir, 'd');
  const TAGS = { title: 't', artist: 'a', date: 'd', comment: 'c' };
  const record = (formats, settings = {}) => {
    const { dir = process.cwd(), wavCodec = 'pcm', sync = 'close', ...some } = settings;
    const options = { dir, formats, wavCodec, hex: false, sync };
    const times = { retryMinMs: 5, retryMaxMs: 20, slowMs: 5000, patienceMs: 100, ...some };
    const disk = new Disk(dir, ({ state }) => reports.push(state), times);
    const recording = new Recording(options, pool, disk);
    recording.open('d/u', { uuid: 'u' });
    return recording;
  };
  const packetOf = (samples) => {
    const payload = new Uint8Array(samples.buffer);
    return { codec: 'L16', payload, samples: samples.length };
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
  const run = (...words) => execFileSync(words[0], words.slice(1), { stdio: 'pipe' });
  /** Samples of which none is silence, each other than the ones around it. */
  const tone = (from, count) => Int16Array.from({ length: count }, (_, i) => 1 + ((from + i) % 30_000));
  /** What a file has that should hold so many samples of the tone, those in the spans silent. */
  const compare = (samples, length, spans) => {
    const expected = tone(0, length);
    for (const [at, count] of spans) expected.fill(0, at, at + count);
    const differs = samples.findIndex((sample, i) => sample !== expected[i]);
    return { length: samples.length, differs };
  };
  const samplesIn = (name) => parseWav(readFileSync(join(folder, name))).samples;
  const say = (what) => console.log(JSON.stringify({ ...what, names: readdirSync(folder).sort() }));
`;

/**
 * Runs the script in a process whose working directory is a disk with these options, mounted at `dir` for it
 * alone; returns what it said.
 */
export async function onDisk(
  dir: string,
  options: string,
  script: string,
): Promise<Record<string, unknown>> {
  const shell =
    'mount -t tmpfs -o "$1" none "$2" && cd "$2" && exec "$0" --input-type=module -e "$3"';
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--mount', 'sh', '-c', shell, process.execPath, options, dir, PREAMBLE + script],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout);
}
