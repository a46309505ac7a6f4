import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Manifest } from '../../src/archive/index.ts';

export const COMMAND = join(import.meta.dirname, '../../bin/rst-server.ts');

export interface LogLine {
  msg: string;
  level: string;
  uuid?: string;
  [field: string]: unknown;
}

type LineTest = (line: LogLine) => boolean;

export interface DaemonOptions {
  /** Environment, `RST_…` settings among it. */
  env?: Record<string, string>;
  args?: string[];
  mediaPorts?: string;
  /** Of the control port; default: any free one. */
  port?: number;
  /** A recordings folder of another one, who removes it; default: one of its own. */
  records?: string;
  /** How many it may have; default: as many as this process. */
  openFiles?: number;
}

/** `rst-server start` as a process of its own, with its log read line by line. */
export class DaemonProcess implements AsyncDisposable {
  readonly records: string;
  readonly log: LogLine[] = [];
  readonly process: ChildProcess;
  stderr = '';
  #ownsRecords = true;
  readonly #waiters = new Set<{ test: LineTest; resolve: (line: LogLine) => void }>();

  private constructor(records: string, options: DaemonOptions) {
    this.records = records;
    const { args = [], env = {}, mediaPorts = '10000-11999', openFiles, port = 0 } = options;
    const limited = openFiles && ['-c', `ulimit -n ${openFiles}; exec "$0" "$@"`, process.execPath];
    const settings = ['--host', '127.0.0.1', '--port', `${port}`, '--media-ports', mediaPorts];
    this.process = spawn(
      limited ? 'sh' : process.execPath,
      [...(limited || []), COMMAND, 'start', '--json', '--records', records, ...settings, ...args],
      {
        env: { ...process.env, RST_DAEMON_SOCKET: 'off', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: records,
      },
    );
    this.process.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes;
    });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = JSON.parse(text) as LogLine;
      this.log.push(line);
      for (const waiter of this.#waiters)
        if (waiter.test(line)) {
          this.#waiters.delete(waiter);
          waiter.resolve(line);
        }
    });
  }

  /** Resolves once it listens; rejects with what it said on stderr where it ends before. */
  static async start(options: DaemonOptions = {}): Promise<DaemonProcess> {
    const records = options.records ?? (await mkdtemp(join(tmpdir(), 'rst-records-')));
    const daemon = new DaemonProcess(records, options);
    daemon.#ownsRecords = options.records === undefined;
    const ended = once(daemon.process, 'exit').then(([code]) => {
      throw new Error(`rst-server ended with ${code}: ${daemon.stderr}`);
    });
    ended.catch(() => {});
    await Promise.race([daemon.logged((line) => line.msg === 'listening'), ended]);
    return daemon;
  }

  /** The control port it took. */
  get port(): number {
    const line = this.log.find(({ msg }) => msg === 'listening');
    return Number(String(line?.control).split(':').at(-1));
  }

  /** The first log line, past or to come, that passes the test. */
  logged(test: LineTest): Promise<LogLine> {
    const found = this.log.find(test);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      this.#waiters.add({ test, resolve });
    });
  }

  /** The log line that says the call is over and filed. */
  ended(uuid: string): Promise<LogLine> {
    return this.logged((line) => line.uuid === uuid && line.msg === 'call ended');
  }

  /** The manifest of a segment of a call that has ended. */
  async manifest(uuid: string, segment = 1): Promise<Manifest> {
    const name = segment === 1 ? `${uuid}.json` : `${uuid}.${segment}.json`;
    const [path] = (await this.files()).filter((file) => file.endsWith(`/${name}`));
    if (!path) throw new Error(`${name}: no such manifest in ${this.records}`);
    return JSON.parse(await readFile(join(this.records, path), 'utf8')) as Manifest;
  }

  /** All files below the recordings folder, but those that servers keep there for themselves. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.records, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.records.length + 1))
      .filter((path) => !path.startsWith('.'))
      .sort();
  }

  read(path: string): Promise<Buffer> {
    return readFile(join(this.records, path));
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      this.process.kill('SIGTERM');
      await exited;
    }
    return this.process.exitCode;
  }

  /** What no process can catch. */
  async kill(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsRecords) await rm(this.records, { recursive: true, force: true });
  }
}
