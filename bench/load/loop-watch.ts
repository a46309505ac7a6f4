import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** How late a thread came to what was due. */
export interface LoopDelay {
  thread: string;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Watches the event loops of a node process that is started with its `env`. */
export class LoopWatch implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<LoopWatch> {
    return new LoopWatch(await mkdtemp(join(tmpdir(), 'rst-loops-')));
  }

  /** `nodeOptions` are further ones. */
  env(nodeOptions: string): Record<string, string> {
    const preload = pathToFileURL(join(import.meta.dirname, 'loop-delay.ts')).href;
    return {
      NODE_OPTIONS: `--import=${preload} ${nodeOptions}`.trim(),
      BENCH_LOOP_FOLDER: this.#folder,
    };
  }

  /** The process begins to look, and the next time it ends. */
  toggle(pid: number): void {
    process.kill(pid, 'SIGUSR2');
  }

  /** By thread, the main one first; read it once the process has ended. */
  async delays(): Promise<LoopDelay[]> {
    const names = (await readdir(this.#folder)).sort();
    const texts = await Promise.all(
      names.map((name) => readFile(join(this.#folder, name), 'utf8')),
    );
    return texts.map((text) => JSON.parse(text) as LoopDelay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
