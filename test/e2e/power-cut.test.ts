import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { assertPlays } from '../chaos/assert-plays.ts';
import { checkCall } from '../chaos/check-call.ts';
import { type CheckedSegment, checkSegment } from '../chaos/check-segment.ts';
import { RecordsFolder } from '../chaos/records-folder.ts';
import { type SentCall, SteadyTaps } from '../chaos/steady-taps.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const runFile = promisify(execFile);
/** What may be lost: records.flush_interval, 200 ms, and what this machine needs to get round to it. */
const LOST_MS = 1000 + 200 + 800;
/** Two seconds, as the first leg of a stereo file has them. */
const HEARD_BYTES = 32_000;
const CALLS = 3;
const OFF_MS = 120_000;
/** By this servers tell whether the process of a journal may still run. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const NEXT_BOOT = '5c0f1a7e-0000-4000-8000-000000000002\n';
/** Set where this file runs once more, with mounts that nobody else sees and that end with it. */
const INSIDE = 'RST_TEST_OWN_MOUNTS';
const skip = process.platform !== 'linux' || process.getuid?.() !== 0 || !hasLoopDevices();

if (process.env[INSIDE] === undefined)
  test('calls on a machine that loses its power, with mounts of their own', { skip }, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const words = ['--mount', process.execPath, import.meta.filename];
    await runFile('unshare', words, { env: { ...env, [INSIDE]: '1' } }).catch(
      ({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`),
    );
  });
else {
  test('records.sync = "interval": of calls that run when the power is cut all is there but the end, and all of those that had ended', async () => {
    using machine = await Machine.start();
    const { running, ended, cutAtMs } = await machine.loseMidCalls('interval');
    const states = await machine.recover();
    assert.ok(states.length >= running.length);
    assert.deepEqual(
      states.filter((state) => state !== 'recovered'),
      [],
    );
    const folder = new RecordsFolder(machine.found);
    const segments: CheckedSegment[] = [];
    const outages = [{ killedAtMs: cutAtMs, listeningAtMs: Number.POSITIVE_INFINITY }];
    for (const sent of running) {
      const segment = await segmentOf(folder, sent);
      checkCall([segment], sent, { outages, lostMs: LOST_MS, endReason: 'recovered' });
      segments.push(segment);
    }
    for (const sent of ended) segments.push(await checkEnded(folder, sent));
    await assertPlays(segments.flatMap(({ played }) => played));
    await checkNothingElse(folder, segments);
  });

  test('records.sync = "close": calls that have ended when the power is cut are whole', async () => {
    using machine = await Machine.start();
    const { ended } = await machine.loseMidCalls('close');
    await machine.recover();
    const folder = new RecordsFolder(machine.found);
    const segments: CheckedSegment[] = [];
    for (const sent of ended) segments.push(await checkEnded(folder, sent));
    await assertPlays(segments.flatMap(({ played }) => played));
    const filed = (await folder.cdr()).map(({ uuid }) => uuid);
    for (const { uuid } of ended)
      assert.equal(filed.filter((other) => other === uuid).length, 1, 'one line in the CDR');
  });
}

/** What calls have sent until the power was cut. */
interface Cut {
  running: SentCall[];
  ended: SentCall[];
  /** By the wall clock. */
  cutAtMs: number;
}

/**
 * A disk with a file system of its own, under a server that can lose its power. The disk is a file in memory:
 * what the kernel has of that file system, and was not told to write, is not in it. A real disk may lose more,
 * where it says that something is written before it is; nothing here can show that.
 */
class Machine implements Disposable {
  readonly #dir: string;
  readonly #mounted: string[] = [];
  readonly #image: string;
  readonly #copy: string;
  readonly #records: string;
  readonly #bootId: string;
  /** The recordings folder as it is once the power is back. */
  readonly found: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.#image = join(dir, 'disk');
    this.#copy = join(dir, 'disk-after');
    this.#records = join(dir, 'records');
    this.#bootId = join(dir, 'boot-id');
    this.found = join(dir, 'records-after');
  }

  static async start(): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), 'rst-power-')));
    await machine.#start();
    return machine;
  }

  async #start(): Promise<void> {
    this.#mount(this.#dir, 'none', '-t', 'tmpfs', '-o', 'size=192m');
    await mkdir(this.#records);
    await mkdir(this.found);
    run('truncate', '-s', '64M', this.#image);
    run('mkfs.ext4', '-q', this.#image);
    // Nothing is written in passing, every 5 s: what the server does not ask for is not there.
    this.#mount(this.#records, this.#image, '-o', 'loop,commit=900');
  }

  /** Cuts the power in the middle of calls of both forms, of which some have just ended. */
  async loseMidCalls(sync: 'interval' | 'close'): Promise<Cut> {
    await using daemon = await DaemonProcess.start({
      mediaPorts: '18000-18199',
      records: this.#records,
      args: ['--format', 'wav,stereo'],
      env: { RST_RECORDS_SYNC: sync, RST_RECORDS_MIN_FREE: '0' },
    });
    await using ofPorts = await SteadyTaps.start(daemon.port, CALLS);
    await using ofOldForm = await SteadyTaps.start(daemon.port, CALLS, true);
    await using ending = await SteadyTaps.start(daemon.port, CALLS);
    for (const uuid of [...ofPorts.uuids, ...ofOldForm.uuids, ...ending.uuids])
      while ((await heardBytes(daemon, uuid)) < HEARD_BYTES) await sleep(20);
    const ended = await ending.hangUp();
    for (const uuid of ending.uuids) await daemon.ended(uuid);
    const cutAtMs = await this.#losePower(daemon);
    const running = [...(await ofPorts.hangUp(false)), ...(await ofOldForm.hangUp(false))];
    return { running, ended, cutAtMs };
  }

  /** Makes final what is there when the machine runs again; returns what became of each recording. */
  async recover(): Promise<string[]> {
    this.#mount(this.found, this.#copy, '-o', 'loop');
    // It has been off for longer than any server waits for another one that it can't see.
    const state = join(this.found, '.rst-server');
    const before = new Date(Date.now() - OFF_MS);
    for (const name of existsSync(state) ? readdirSync(state) : [])
      utimesSync(join(state, name), before, before);
    writeFileSync(this.#bootId, NEXT_BOOT);
    this.#mount(BOOT_ID, this.#bootId, '--bind');
    const words = [COMMAND, 'recover', this.found, '--json'];
    const { stdout } = await runFile(process.execPath, words);
    const { recordings } = JSON.parse(stdout) as { recordings: { state: string }[] };
    return recordings.map((recording) => recording.state);
  }

  /**
   * Stops the server and copies the disk. Once each of its threads stands still nobody writes to this file
   * system, and the kernel would do so by itself only after half a minute: what is copied within some
   * milliseconds is the disk of one moment.
   */
  async #losePower(daemon: DaemonProcess): Promise<number> {
    const cutAtMs = Date.now();
    try {
      daemon.process.kill('SIGSTOP');
      while (!standsStill(daemon.process.pid as number)) await sleep(1);
      run('cp', '--sparse=always', this.#image, this.#copy);
    } finally {
      await daemon.kill();
    }
    return cutAtMs;
  }

  #mount(at: string, what: string, ...words: string[]): void {
    run('mount', ...words, what, at);
    this.#mounted.push(at);
  }

  [Symbol.dispose](): void {
    for (const at of this.#mounted.reverse()) run('umount', '-l', at);
    rmSync(this.#dir, { recursive: true });
  }
}

function hasLoopDevices(): boolean {
  if (!existsSync('/dev/loop-control')) return false;
  try {
    run('mkfs.ext4', '-V');
    return true;
  } catch {
    return false;
  }
}

function run(...[command = '', ...words]: string[]): void {
  execFileSync(command, words, { stdio: 'pipe' });
}

/** All threads of a process are stopped, those too that had been waiting for the disk. */
function standsStill(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
    } catch {
      // It has just ended.
      return false;
    }
  });
}

/** Of its first leg, written so far. */
async function heardBytes(daemon: DaemonProcess, uuid: string): Promise<number> {
  const path = (await daemon.files()).find((file) => file.endsWith(`/${uuid}-R.wav.part`));
  return path ? (await daemon.read(path)).length : 0;
}

/** The one segment of a call, whose manifest is true. */
async function segmentOf(folder: RecordsFolder, { uuid, call }: SentCall): Promise<CheckedSegment> {
  const path = (await folder.manifests()).find((file) => file.endsWith(`/${uuid}.json`));
  assert.ok(path, `${uuid} is not there`);
  return checkSegment(folder.path, await folder.readManifest(path), call);
}

async function checkEnded(folder: RecordsFolder, sent: SentCall): Promise<CheckedSegment> {
  const segment = await segmentOf(folder, sent);
  checkCall([segment], sent, { outages: [], lostMs: 0, endReason: 'bye' });
  assert.deepEqual(segment.manifest.warnings, []);
  return segment;
}

/** No file but those that manifests name, each of which has one line in the CDR. */
async function checkNothingElse(
  folder: RecordsFolder,
  segments: readonly CheckedSegment[],
): Promise<void> {
  const manifests = segments.map(({ manifest }) => manifest);
  const audio = manifests.flatMap(({ tracks: { R, W }, files }) =>
    [...R.files, ...W.files, ...files].map(({ path }) => path),
  );
  const files = (await folder.files()).filter((path) => !path.startsWith('cdr/'));
  assert.deepEqual(files.sort(), [...audio, ...(await folder.manifests())].sort());
  assert.deepEqual(
    (await folder.cdr()).map(({ recordId }) => recordId).sort(),
    manifests.map(({ recordId }) => recordId).sort(),
  );
}
