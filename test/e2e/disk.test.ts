import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { CdrLine, Manifest, ManifestTrack } from '../../src/archive/index.ts';
import { encodeUlaw, parseWav, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { STATE_FOLDER } from '../../src/recording/index.ts';
import { noiseSamples, type SendSummary } from '../../src/send/index.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const SECONDS = 8;
const MEDIA_PORTS = '16000-16199';
/** Set where this file runs once more, with mounts that nobody else sees and that end with it. */
const INSIDE = 'RST_TEST_OWN_MOUNTS';
const skip = process.platform !== 'linux' || process.getuid?.() !== 0;

if (process.env[INSIDE] === undefined)
  test('calls on disks that fail, with mounts of their own', { skip }, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const words = ['--mount', process.execPath, import.meta.filename];
    await promisify(execFile)('unshare', words, { env: { ...env, [INSIDE]: '1' } }).catch(
      ({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`),
    );
  });
else {
  test('a disk that fills up in the middle of calls ends none, and what there was no memory for is silence where the manifests say', async (t) => {
    const records = await mountDisk(t, 'size=1536k');
    await using daemon = await DaemonProcess.start({
      mediaPorts: MEDIA_PORTS,
      records,
      env: { RST_RECORDS_MAX_BUFFER: '1MB', RST_RECORDS_MIN_FREE: '0', RST_MEDIA_WORKERS: '1' },
    });
    const sending = send(daemon.port, 40);
    const raised = await daemon.logged(({ reason }) => reason === 'ENOSPC');
    assert.equal(raised.level, 'error');
    assert.equal(
      raised.msg,
      `records.dir ${records} can't be written to (ENOSPC): calls go on, and their audio waits in memory, up to records.max_buffer; new recordings go there all the same, as there is no records.fallback_dir`,
    );
    // Memory for less than 3 s of it.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    run('mount', '-o', 'remount,size=64m', records);
    const cleared = await daemon.logged(({ failedMs }) => failedMs !== undefined);
    assert.ok(Number(cleared.lostBytes) > 0);
    assert.match(cleared.msg, /can be written to again, after \d+ s: .* did not fit into records/);
    let lost = 0;
    for (const { uuid } of await sending) {
      await daemon.ended(uuid);
      const { endReason, tracks, warnings } = await daemon.manifest(uuid);
      assert.equal(endReason, 'bye');
      for (const [leg, seed] of [['R', 1] as const, ['W', 2] as const]) {
        const track = tracks[leg];
        const { samples } = parseWav(await daemon.read(track.files[0]?.path as string));
        assert.deepEqual([track.packets, samples.length], [SECONDS * 50, track.samples]);
        assertOnlyUnwrittenIsSilent(samples, track, decodedNoise(seed));
        const unwritten = track.unwritten.reduce((sum, [, count]) => sum + count, 0);
        const sentence = `${leg}: ${unwritten / 8000} s of audio are silence, because records.max_buffer was used up while the disk failed (ENOSPC); \`unwritten\` says where`;
        assert.equal(warnings.includes(sentence), unwritten > 0);
        lost += 2 * unwritten;
      }
    }
    assert.equal(lost, cleared.lostBytes);
    assert.equal(daemon.log.filter(({ level }) => level === 'error').length, 1);
    assert.equal(await daemon.stop(), 0);
  });

  test('new recordings go to records.fallback_dir while records.dir is short of room, and back once it is not', async (t) => {
    const records = await mountDisk(t, 'size=8m');
    const spare = await mountDisk(t, 'size=64m');
    await using daemon = await DaemonProcess.start({
      mediaPorts: MEDIA_PORTS,
      records,
      env: { RST_RECORDS_FALLBACK_DIR: spare, RST_RECORDS_MIN_FREE: '4MB or 99%' },
    });
    fill(join(records, 'filler'), 6e6);
    const low = await daemon.logged(
      ({ freeBytes, level }) => freeBytes !== undefined && level === 'warn',
    );
    assert.match(
      low.msg,
      /^records\.dir .*: 2\.\d MB are free there, less than records\.min_free \(4 MB\); new recordings go to records\.fallback_dir /,
    );
    const [there] = await send(daemon.port, 1, 1);
    assert.ok(there);
    await daemon.ended(there.uuid);
    const [day] = (await readdir(spare)).filter((name) => name !== STATE_FOLDER);
    const folder = join(spare, String(day));
    const names = (await readdir(folder)).sort();
    const { uuid } = there;
    assert.deepEqual(names, [`${uuid}-R.wav`, `${uuid}-W.wav`, `${uuid}.json`]);
    const manifest = JSON.parse(await readFile(join(folder, `${uuid}.json`), 'utf8')) as Manifest;
    assert.deepEqual(manifest.warnings, [
      `records.dir was short of room, or could not be written to, when the call began: its files are in ${folder}`,
    ]);
    assert.equal(manifest.tracks.R.files[0]?.path, join(folder, `${uuid}-R.wav`));
    const [line] = (await readFile(join(records, 'cdr', `${day}.jsonl`), 'utf8')).split('\n');
    const cdr = JSON.parse(line as string) as CdrLine;
    assert.deepEqual(cdr.files, [join(folder, `${uuid}-R.wav`), join(folder, `${uuid}-W.wav`)]);
    rmSync(join(records, 'filler'));
    await daemon.logged(({ was, level }) => was === 'low' && level === 'info');
    const [here] = await send(daemon.port, 1, 1);
    await daemon.ended(String(here?.uuid));
    const { warnings } = await daemon.manifest(String(here?.uuid));
    assert.deepEqual(warnings, []);
    assert.equal(await daemon.stop(), 0);
  });

  test('a shutdown on a full disk waits for it only so long, and leaves what there is to be recovered', async (t) => {
    const records = await mountDisk(t, 'size=512k');
    await using daemon = await DaemonProcess.start({
      mediaPorts: MEDIA_PORTS,
      records,
      env: { RST_RECORDS_MIN_FREE: '0', RST_DAEMON_SHUTDOWN_TIMEOUT: '9s' },
    });
    const sending = send(daemon.port, 4);
    await daemon.logged(({ reason }) => reason === 'ENOSPC');
    // By then there is more of each track than fits into what is left of its last page.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.equal(await daemon.stop(), 0);
    const calls = await sending;
    for (const { uuid } of calls) {
      const ended = await daemon.ended(uuid);
      assert.equal(ended.endReason, 'shutdown');
      const left = daemon.log.filter(
        (line) => line.uuid === uuid && /what was written is left in .*\.part/.test(line.msg),
      );
      assert.equal(left.length, 2);
    }
    const names = (await daemon.files()).filter((path) => /\.part$|\.journal$/.test(path));
    assert.deepEqual(
      names,
      calls
        .flatMap(({ uuid }) => [`${uuid}-R.wav.part`, `${uuid}-W.wav.part`, `${uuid}.journal`])
        .map((name) => `${String(names[0]).split('/')[0]}/${name}`)
        .sort(),
    );
  });
}

function run(...[command = '', ...words]: string[]): void {
  execFileSync(command, words, { stdio: 'pipe' });
}

/** A folder that is a disk of its own. */
async function mountDisk(t: TestContext, options: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rst-disk-'));
  run('mount', '-t', 'tmpfs', '-o', options, 'none', dir);
  t.after(() => {
    run('umount', '-l', dir);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

function fill(path: string, bytes: number): void {
  const fd = openSync(path, 'w');
  writeSync(fd, new Uint8Array(bytes));
  closeSync(fd);
}

/** Plays numbered noise, which is at its place however late it is sent; resolves when all calls are over. */
async function send(port: number, calls: number, seconds = SECONDS): Promise<SendSummary['calls']> {
  const sender = spawn(process.execPath, [
    ...[COMMAND, 'send', '--to', `127.0.0.1:${port}`, '--json', '--seq'],
    ...['--calls', String(calls), '--duration', `${seconds}s`],
    ...['--read', 'noise:1', '--write', 'noise:2'],
  ]);
  let output = '';
  sender.stdout.on('data', (bytes) => {
    output += bytes;
  });
  await once(sender, 'close');
  return (JSON.parse(output) as SendSummary).calls;
}

function decodedNoise(seed: number): Int16Array {
  const codes = encodeUlaw(noiseSamples(seed, 0, SECONDS * 8000));
  return Int16Array.from(codes, (code) => ULAW_TO_LINEAR[code] as number);
}

/** Between the silence at head and tail each sample is as it was sent, or 0 and said to be unwritten. */
function assertOnlyUnwrittenIsSilent(
  samples: Int16Array,
  { gaps, unwritten }: ManifestTrack,
  sent: Int16Array,
): void {
  const start = gaps[0]?.[0] === 0 ? gaps[0][1] : 0;
  const expected = new Int16Array(samples.length);
  expected.set(sent, start);
  for (const [at, count] of unwritten) expected.fill(0, at, at + count);
  assert.deepEqual(samples, expected);
}
