import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';
import { DaemonProcess } from '../../test/support/daemon-process.ts';
import { PCM_FORM } from './leg-check.ts';
import type { KeptLeg, Subject, SubjectOptions } from './subject.ts';

/** Beside the ports of tests, of FreeSWITCH's own calls, and of the generator. */
const FIRST_PORT = 17_000;
const LAST_PORT = 32_000;
/** What workers hold ready for calls to come, and some to spare. */
const SPARE_PAIRS = 512;

/** rst-server as it is, with one of its receivers. */
export class DaemonSubject implements Subject {
  readonly form = PCM_FORM;
  readonly #daemon: DaemonProcess;

  private constructor(daemon: DaemonProcess) {
    this.#daemon = daemon;
  }

  static async start(
    receiver: 'batched' | 'dgram',
    { calls, probes, nodeOptions }: SubjectOptions,
  ): Promise<DaemonSubject> {
    const last = FIRST_PORT + 2 * (calls + probes + SPARE_PAIRS) - 1;
    const daemon = await DaemonProcess.start({
      mediaPorts: `${FIRST_PORT}-${Math.min(last, LAST_PORT)}`,
      env: {
        RST_MEDIA_RECEIVER: receiver,
        RST_RECORDS_NAME: '{uuid}',
        RST_DAEMON_SHUTDOWN_TIMEOUT: '120s',
        NODE_OPTIONS: nodeOptions,
      },
    });
    return new DaemonSubject(daemon);
  }

  get pid(): number {
    return this.#daemon.process.pid as number;
  }

  get port(): number {
    return this.#daemon.port;
  }

  async stop(): Promise<void> {
    const code = await this.#daemon.stop();
    if (code !== 0) throw new Error(`rst-server ended with ${code}: ${this.#daemon.stderr}`);
  }

  async kept(uuid: string): Promise<Record<LegName, KeptLeg>> {
    const { records } = this.#daemon;
    const text = await readFile(join(records, `${uuid}.json`), 'utf8');
    const { tracks } = JSON.parse(text) as Manifest;
    const leg = async (name: LegName): Promise<KeptLeg> => {
      const { packets, dropped, files } = tracks[name];
      const path = files[0]?.path;
      const audio =
        path === undefined
          ? new Int16Array(0)
          : parseWav(await readFile(join(records, path))).samples;
      return { received: packets, audio, dropped };
    };
    return { R: await leg('R'), W: await leg('W') };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#daemon[Symbol.asyncDispose]();
  }
}
