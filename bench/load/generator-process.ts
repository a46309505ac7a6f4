import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FromGenerator, ToGenerator } from './generator-messages.ts';

type Kind = FromGenerator['kind'];
type Answer<K extends Kind> = Extract<FromGenerator, { kind: K }>;

/** The other end of `generator.ts`. */
export class GeneratorProcess implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = fork(join(import.meta.dirname, 'generator.ts'), [], {
      serialization: 'advanced',
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Rejects with what the generator has failed over, or where it ends before it answers. */
  async ask<K extends Kind>(message: ToGenerator, kind: K): Promise<Answer<K>> {
    const asked = new AbortController();
    const { signal } = asked;
    try {
      const answered = once(this.#process, 'message', { signal });
      const ended = once(this.#process, 'exit', { signal }).then(([code]) => {
        throw new Error(`the generator ended with ${code}`);
      });
      ended.catch(() => {});
      this.#process.send(message);
      const [answer] = (await Promise.race([answered, ended])) as [FromGenerator];
      if (answer.kind === 'failed') throw new Error(`the generator failed: ${answer.text}`);
      if (answer.kind !== kind) throw new Error(`the generator answered ${answer.kind}`);
      return answer as Answer<K>;
    } finally {
      asked.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
