import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../fuzz/dice.ts';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';
import { assertPlays } from './assert-plays.ts';
import { checkCall, type Outage } from './check-call.ts';
import { type CheckedSegment, checkSegment } from './check-segment.ts';
import { RecordsFolder } from './records-folder.ts';
import { type SentCall, SteadyTaps } from './steady-taps.ts';

/** What may be lost: records.flush_interval, 200 ms, and what this machine needs to get round to it. */
const LOST_MS = 1000 + 200 + 800;
const FORMATS = ['--format', 'wav,stereo'];
const UP_MS = 3000;
/** A start takes about half of it. */
const KILLED_START_MS = 1000;

export interface KillsSetup {
  rounds: number;
  calls: number;
  seed: number;
  mediaPorts: string;
  /** Hears of each kill. */
  onKill(kill: number): void;
}

export interface KillsReport {
  segments: number;
  sent: number;
  missing: number;
  /** The longest before a kill that something was sent which is lost. */
  worstLostMs: number;
}

/**
 * Kills servers under calls whose taps go on, and looks at all that they leave. Rejects where anything is
 * wrong, and keeps it then.
 */
export async function runKills(setup: KillsSetup): Promise<KillsReport> {
  const path = await mkdtemp(join(tmpdir(), 'rst-kills-'));
  await using run = new KillsRun(setup, new RecordsFolder(path));
  try {
    const report = await run.run();
    await rm(path, { recursive: true });
    return report;
  } catch (error) {
    await run.writeLog(join(path, 'log.jsonl'));
    throw new Error(`see ${path}: ${(error as Error).message}`, { cause: error });
  }
}

class KillsRun implements AsyncDisposable {
  readonly #setup: KillsSetup;
  readonly #folder: RecordsFolder;
  readonly #dice: Dice;
  readonly #outages: Outage[] = [];
  readonly #checked = new Map<string, CheckedSegment>();
  /** The number of each call among those of its form. */
  readonly #calls = new Map<string, number>();
  readonly #taps: SteadyTaps[] = [];
  readonly #daemons: DaemonProcess[] = [];

  constructor(setup: KillsSetup, folder: RecordsFolder) {
    this.#setup = setup;
    this.#folder = folder;
    this.#dice = new Dice(setup.seed);
  }

  async run(): Promise<KillsReport> {
    const { calls, rounds, onKill } = this.#setup;
    let daemon = await this.#start(0);
    const { port } = daemon;
    const ofPortForm = Math.ceil(calls / 2);
    this.#taps.push(await SteadyTaps.start(port, ofPortForm));
    this.#taps.push(await SteadyTaps.start(port, calls - ofPortForm, true));
    for (const { uuids } of this.#taps)
      for (const [call, uuid] of uuids.entries()) this.#calls.set(uuid, call);
    for (let kill = 1; kill <= rounds; kill++) {
      await sleep(this.#dice.upTo(UP_MS));
      daemon = await this.#killAndStart(daemon);
      onKill(kill);
      // Else the next kill may come while it recovers.
      if (kill === rounds || !this.#dice.onceIn(3)) await this.#checkRecovered(daemon);
    }
    return this.#end(daemon);
  }

  /** What all servers have said. */
  writeLog(path: string): Promise<void> {
    const lines = this.#daemons.flatMap(({ log }) =>
      log.map((line) => `${JSON.stringify(line)}\n`),
    );
    return writeFile(path, lines.join(''));
  }

  /** Killed, and in one of four times the next one as well before it is ready, or hardly so. */
  async #killAndStart(daemon: DaemonProcess): Promise<DaemonProcess> {
    const { port } = daemon;
    const kills = [Date.now()];
    await daemon.kill();
    if (this.#dice.onceIn(4)) kills.push(await this.#killStart(port));
    const next = await this.#start(port);
    const line = await next.logged(({ msg }) => msg === 'listening');
    const listeningAtMs = Date.parse(String(line.time));
    for (const killedAtMs of kills) this.#outages.push({ killedAtMs, listeningAtMs });
    return next;
  }

  async #start(port: number): Promise<DaemonProcess> {
    const { mediaPorts } = this.#setup;
    const records = this.#folder.path;
    const daemon = await DaemonProcess.start({ port, mediaPorts, records, args: FORMATS });
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Returns when it was killed. */
  async #killStart(port: number): Promise<number> {
    const { mediaPorts } = this.#setup;
    const flags = ['--host', '127.0.0.1', '--port', String(port), '--media-ports', mediaPorts];
    const child = spawn(
      process.execPath,
      [COMMAND, 'start', '--records', this.#folder.path, ...flags, ...FORMATS],
      { env: { ...process.env, RST_DAEMON_SOCKET: 'off' }, stdio: 'ignore' },
    );
    await sleep(this.#dice.upTo(KILLED_START_MS));
    const exited = once(child, 'exit');
    const killedAtMs = Date.now();
    child.kill('SIGKILL');
    await exited;
    return killedAtMs;
  }

  /** Waits until every call goes on and all that was left before is final, and looks at that. */
  async #checkRecovered(daemon: DaemonProcess): Promise<void> {
    await this.#folder.onlyBy(daemon.process.pid, [...this.#calls.keys()]);
    await this.#checkNew();
  }

  async #checkNew(): Promise<void> {
    const played = [];
    for (const path of await this.#folder.manifests()) {
      if (this.#checked.has(path)) continue;
      const manifest = await this.#folder.readManifest(path);
      const call = this.#calls.get(manifest.uuid);
      assert.notEqual(call, undefined, path);
      const segment = await checkSegment(this.#folder.path, manifest, call as number);
      this.#checked.set(path, segment);
      played.push(...segment.played);
    }
    await assertPlays(played);
  }

  async #end(daemon: DaemonProcess): Promise<KillsReport> {
    const sent: SentCall[] = [];
    for (const taps of this.#taps) sent.push(...(await taps.hangUp()));
    await this.#folder.final();
    await this.#checkNew();
    // A segment is linked to the next one after it was made final.
    for (const [path, segment] of this.#checked)
      segment.manifest = await this.#folder.readManifest(path);
    const report: KillsReport = { segments: 0, sent: 0, missing: 0, worstLostMs: 0 };
    const expected = { outages: this.#outages, lostMs: LOST_MS, endReason: 'bye' };
    for (const call of sent) {
      const segments = [...this.#checked.values()]
        .filter(({ manifest }) => manifest.uuid === call.uuid)
        .sort((a, b) => a.manifest.segment - b.manifest.segment);
      const { packets, worstLostMs } = checkCall(segments, call, expected);
      report.segments += segments.length;
      report.sent += call.sentAtMs.R.length + call.sentAtMs.W.length;
      report.missing += packets;
      report.worstLostMs = Math.max(report.worstLostMs, worstLostMs);
    }
    await this.#checkLeft(daemon);
    return report;
  }

  /** Nothing but what manifests name, each of them once in the CDR. */
  async #checkLeft(daemon: DaemonProcess): Promise<void> {
    assert.equal(await daemon.stop(), 0);
    const named = [...this.#checked].flatMap(([path, { manifest }]) => [
      path,
      ...[...manifest.tracks.R.files, ...manifest.tracks.W.files, ...manifest.files].map(
        (file) => file.path,
      ),
    ]);
    const files = await this.#folder.files();
    assert.deepEqual(
      files.filter((path) => !path.startsWith('cdr/')).sort(),
      named.sort(),
      'no file but those',
    );
    const cdr = await this.#folder.cdr();
    assert.deepEqual(
      cdr.map(({ recordId }) => recordId).sort(),
      [...this.#checked.values()].map(({ manifest }) => manifest.recordId).sort(),
    );
    const state = await readdir(join(this.#folder.path, '.rst-server'), { recursive: true });
    assert.deepEqual(
      state.filter((name) => name.endsWith('.json')),
      [],
      'nothing is noted of what has ended',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const taps of this.#taps) await taps[Symbol.asyncDispose]();
    await this.#daemons.at(-1)?.stop();
  }
}
