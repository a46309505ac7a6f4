import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';
import { DaemonProcess } from '../../test/support/daemon-process.ts';
import { PCM_FORM } from './leg-check.ts';
import { PAYLOAD_BYTES } from './packet-mark.ts';
import type { KeptLeg, Subject, SubjectOptions } from './subject.ts';

const FIRST_PORT = 10_000;
/** What workers hold ready for calls to come, and some to spare. */
const SPARE_PAIRS = 512;

const SHUTDOWN_SECONDS = 120;
const STOP_WITHIN_MS = (SHUTDOWN_SECONDS + 10) * 1000;

/** rst-server as it is, with one of its receivers. */
export class DaemonSubject implements Subject {
  readonly form = PCM_FORM;
  readonly hasLoops = true;
  readonly host: string;
  readonly #daemon: DaemonProcess;

  private constructor(daemon: DaemonProcess, host: string) {
    this.#daemon = daemon;
    this.host = host;
  }

  static async start(
    receiver: 'batched' | 'dgram',
    { calls, probes, env }: SubjectOptions,
  ): Promise<DaemonSubject> {
    const host = ownLoopback();
    const daemon = await DaemonProcess.start({
      args: ['--host', host],
      mediaPorts: `${FIRST_PORT}-${FIRST_PORT + 2 * (calls + probes + SPARE_PAIRS) - 1}`,
      env: {
        RST_MEDIA_RECEIVER: receiver,
        RST_RECORDS_NAME: '{uuid}',
        // All of them come from one address, as fast as they are answered.
        RST_SERVER_MAX_INV_RATE: '0',
        RST_DAEMON_SHUTDOWN_TIMEOUT: `${SHUTDOWN_SECONDS}s`,
        ...env,
      },
    });
    return new DaemonSubject(daemon, host);
  }

  get pid(): number {
    return this.#daemon.process.pid as number;
  }

  get port(): number {
    return this.#daemon.port;
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#daemon.process.kill('SIGKILL'), STOP_WITHIN_MS);
    const code = await this.#daemon.stop();
    clearTimeout(timer);
    if (code !== 0) throw new Error(`rst-server ended with ${code}: ${this.#daemon.stderr}`);
  }

  async kept(uuid: string): Promise<Record<LegName, KeptLeg> | null> {
    const { records } = this.#daemon;
    const text = await readFile(join(records, `${uuid}.json`), 'utf8').catch(() => null);
    if (text === null) return null;
    const { tracks } = JSON.parse(text) as Manifest;
    const leg = async (name: LegName): Promise<KeptLeg> => {
      const { packets, dropped, files, driftCorrections } = tracks[name];
      const path = files[0]?.path;
      const audio =
        path === undefined
          ? new Int16Array(0)
          : parseWav(await readFile(join(records, path))).samples;
      const outSamples = driftCorrections.reduce(
        (sum, [, samples]) => sum + Math.min(0, samples),
        0,
      );
      return { received: packets ?? 0, audio, takenOut: -outSamples / PAYLOAD_BYTES, dropped };
    };
    return { R: await leg('R'), W: await leg('W') };
  }

  complaints(): Record<string, number> {
    const { log } = this.#daemon;
    const counts: Record<string, number> = {};
    const start = log.findIndex(({ msg }) => msg === 'listening');
    for (const { level, msg } of log.slice(start)) {
      if (level === 'info') continue;
      // A thousand calls that complain of the same say it with a thousand numbers.
      const text = msg.replace(/\d[\d.]*/g, 'N');
      counts[text] = (counts[text] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It has been stopped, or something has failed and nobody wants its files.
    this.#daemon.process.kill('SIGKILL');
    await this.#daemon[Symbol.asyncDispose]();
  }
}

/** An address of this machine that no other server has its ports at. */
function ownLoopback(): string {
  return `127.1.${(process.pid >> 8) & 255}.${process.pid & 255}`;
}
