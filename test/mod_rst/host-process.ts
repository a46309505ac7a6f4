import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = join(import.meta.dirname, 'host');

/** Who watches: AddressSanitizer with UndefinedBehaviorSanitizer, ThreadSanitizer, or valgrind. */
export type Watcher = 'asan' | 'tsan' | 'valgrind';

/** A line of the host: the end of a command, or an event of the module. */
export interface HostLine {
  done?: string;
  event?: string;
  reply?: string;
  uuid?: string;
  'Unique-ID'?: string;
  'RST-Reason'?: string;
  [field: string]: unknown;
}

export interface TapStatus {
  uuid: string;
  destination: string;
  state: string;
  mode: string;
  rate: number;
  numbered: boolean;
  invites: number;
  attached: boolean;
  R: LegStatus;
  W: LegStatus;
}

export interface LegStatus {
  localPort: number;
  serverPort: number | null;
  packets: number;
  bytes: number;
  discarded: number;
}

const ENV = {
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'exitcode=99',
};
const VALGRIND = [
  ...['--quiet', '--error-exitcode=99', '--leak-check=full', '--show-leak-kinds=definite,possible'],
  '--fair-sched=yes',
];

/** Compiles the host with the module in it, where it is not up to date. */
export function buildHost(watcher: Watcher): string {
  const program = `build/${watcher === 'valgrind' ? 'plain' : watcher}/host`;
  const made = spawnSync('make', ['-s', '-j2', '-C', FOLDER, program], { encoding: 'utf8' });
  assert.equal(made.status, 0, `${made.error ?? ''}${made.stdout}${made.stderr}`);
  return join(FOLDER, program);
}

/** A process that has the module loaded and plays calls to it. */
export class HostProcess implements AsyncDisposable {
  readonly lines: HostLine[] = [];
  stderr = '';
  readonly #process: ChildProcess;
  readonly #waiters = new Set<{
    test: (line: HostLine) => boolean;
    resolve: (line: HostLine) => void;
  }>();
  readonly #exited: Promise<number | null>;
  #isStopped = false;

  constructor(program: string, watcher: Watcher) {
    const [command = '', ...args] =
      watcher === 'valgrind' ? ['valgrind', ...VALGRIND, program] : [program];
    this.#process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...ENV },
    });
    this.#exited = once(this.#process, 'exit').then(([code]) => code as number | null);
    this.#process.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes;
    });
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = JSON.parse(text) as HostLine;
      this.lines.push(line);
      for (const waiter of this.#waiters)
        if (waiter.test(line)) {
          this.#waiters.delete(waiter);
          waiter.resolve(line);
        }
    });
  }

  /** Started, and with the module loaded with that configuration. */
  static async start(
    watcher: Watcher,
    config: Record<string, string | number>,
  ): Promise<HostProcess> {
    const host = new HostProcess(buildHost(watcher), watcher);
    await host.configure(config);
    await host.run('load');
    return host;
  }

  configure(config: Record<string, string | number>): Promise<HostLine> {
    const pairs = Object.entries(config).map(([name, value]) => `${name}=${value}`);
    return this.run(`config ${pairs.join(' ')}`);
  }

  /** Runs a command; its line once it is done. */
  run(command: string): Promise<HostLine> {
    const [name = '', uuid] = command.split(' ');
    const ended = this.#next(
      (line) => line.done === name && (name !== 'play' || line.uuid === uuid),
    );
    this.#process.stdin?.write(`${command}\n`);
    return ended;
  }

  /** What an API of the module replies. */
  async api(command: string): Promise<string> {
    const { reply } = await this.run(`api ${command}`);
    return (reply ?? '').trim();
  }

  /** The first event of that name and UUID, fired or to be fired, behind the first `skip`. */
  event(name: string, uuid: string, skip = 0): Promise<HostLine> {
    const test = (line: HostLine) => line.event === name && line['Unique-ID'] === uuid;
    const found = this.lines.filter(test)[skip];
    if (found) return Promise.resolve(found);
    let left = skip - this.lines.filter(test).length;
    return this.#next((line) => test(line) && left-- === 0);
  }

  /** What the module has written to the log so far. */
  get log(): string[] {
    return this.lines.flatMap(({ event, text }) => (event === 'log' ? [String(text)] : []));
  }

  async taps(uuid = ''): Promise<TapStatus[]> {
    const { taps } = JSON.parse(await this.api(`rst_status ${uuid}`)) as { taps: TapStatus[] };
    return taps;
  }

  /** Asks until it is so. */
  async until(test: () => Promise<boolean>): Promise<void> {
    while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Unloads the module, looks that nothing is left of it, and ends; fails where a watcher has complained. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const { reply } = await this.run('unload');
    assert.equal(reply, 'unloaded');
    const { bugs, readLocks, codecs, resamplers, xml, bound } = await this.run('stats');
    assert.deepEqual([bugs, readLocks, codecs, resamplers, xml, bound], [0, 0, 0, 0, 0, 0]);
    this.#process.stdin?.end();
    assert.equal(await this.#exited, 0, this.stderr);
    assert.doesNotMatch(this.stderr, /Sanitizer|runtime error|==\d+==/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopped) return;
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  #next(test: (line: HostLine) => boolean): Promise<HostLine> {
    return Promise.race([
      new Promise<HostLine>((resolve) => {
        this.#waiters.add({ test, resolve });
      }),
      this.#exited.then((code) => {
        throw new Error(`the host ended with ${code}: ${this.stderr}`);
      }),
    ]);
  }
}
