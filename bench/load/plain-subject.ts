import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LegName } from '../../src/protocol/index.ts';
import { PCM_FORM, type SampleForm } from './leg-check.ts';
import { PAYLOAD_BYTES } from './packet-mark.ts';
import type { KeptLeg, Subject } from './subject.ts';

const STOP_WITHIN_MS = 30_000;

export interface PlainOptions {
  command: string;
  /** What goes before and behind the folder that it writes into. */
  before: string[];
  behind: string[];
  hasLoops: boolean;
  /** How it writes. */
  form: SampleForm;
  env: Record<string, string>;
}

/** A program that does less than rst-server: it says its port on stdout and keeps payloads, one behind the other. */
export class PlainSubject implements Subject {
  readonly form: SampleForm;
  readonly host = '127.0.0.1';
  readonly hasLoops: boolean;
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(
    process: ChildProcess,
    folder: string,
    port: number,
    { hasLoops, form }: PlainOptions,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.port = port;
    this.hasLoops = hasLoops;
    this.form = form;
  }

  static async start(options: PlainOptions): Promise<Subject> {
    const { command, before, behind, env } = options;
    const folder = await mkdtemp(join(tmpdir(), 'rst-bench-'));
    const child = spawn(command, [...before, folder, ...behind], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${command} ended before it listened`);
    });
    ended.catch(() => {});
    const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
    return new PlainSubject(child, folder, Number(String(line)), options);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#end('SIGTERM');
    clearTimeout(timer);
    if (this.#process.exitCode !== 0)
      throw new Error(`${this.#process.spawnfile} ended with ${this.#process.exitCode}`);
  }

  async kept(uuid: string): Promise<Record<LegName, KeptLeg>> {
    const leg = async (name: LegName): Promise<KeptLeg> => {
      const bytes = await readFile(join(this.#folder, `${uuid}-${name}`));
      const audio = this.form === PCM_FORM ? new Int16Array(new Uint8Array(bytes).buffer) : bytes;
      return {
        received: Math.floor(audio.length / PAYLOAD_BYTES),
        audio,
        takenOut: 0,
        dropped: {},
      };
    };
    return { R: await leg('R'), W: await leg('W') };
  }

  /** It has no log. */
  complaints(): Record<string, number> {
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exited;
  }
}
