import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DaemonSubject } from './daemon-subject.ts';
import { PCM_FORM, ULAW_FORM } from './leg-check.ts';
import { PlainSubject } from './plain-subject.ts';
import type { Subject, SubjectName, SubjectOptions } from './subject.ts';

const FOLDER = join(import.meta.dirname, '..');

/** What there is to measure on this machine. */
export class Subjects implements AsyncDisposable {
  /** Those that were asked for and can be had. */
  readonly names: readonly SubjectName[];
  /** Why one is left out, in a sentence. */
  readonly leftOut: string | null;
  readonly #folder: string;

  private constructor(names: readonly SubjectName[], leftOut: string | null, folder: string) {
    this.names = names;
    this.leftOut = leftOut;
    this.#folder = folder;
  }

  /** Compiles the program in C, where it is wanted and there is a compiler. */
  static async prepare(names: readonly SubjectName[]): Promise<Subjects> {
    const folder = await mkdtemp(join(tmpdir(), 'rst-floor-'));
    if (!names.some(isFloor)) return new Subjects(names, null, folder);
    try {
      const source = join(FOLDER, 'floor.c');
      await promisify(execFile)('cc', ['-O2', '-o', join(folder, 'floor'), source]);
      return new Subjects(names, null, folder);
    } catch (error) {
      const others = names.filter((name) => !isFloor(name));
      const [line] = (error as Error).message.split('\n');
      return new Subjects(others, `The C floor is left out, because cc failed: ${line}`, folder);
    }
  }

  start(name: SubjectName, options: SubjectOptions): Promise<Subject> {
    const { env } = options;
    switch (name) {
      case 'batched':
      case 'dgram':
        return DaemonSubject.start(name, options);
      case 'bare': {
        const before = [join(FOLDER, 'bare-dgram.ts')];
        const command = process.execPath;
        const form = ULAW_FORM;
        return PlainSubject.start({ command, before, behind: [], hasLoops: true, form, env });
      }
      case 'floor':
      case 'floor-pcm':
      case 'floor-plain': {
        const [, ...behind] = name.split('-');
        const command = join(this.#folder, 'floor');
        const form = name === 'floor-pcm' ? PCM_FORM : ULAW_FORM;
        return PlainSubject.start({ command, before: [], behind, hasLoops: false, form, env: {} });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function isFloor(name: SubjectName): boolean {
  return name.startsWith('floor');
}
