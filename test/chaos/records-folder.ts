import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CdrLine } from '../../src/archive/cdr.ts';
import type { Manifest } from '../../src/archive/index.ts';
import { type JournalContent, readJournal } from '../../src/recording/index.ts';

const LOOK_MS = 100;
/** What 50 recordings that end at once take on a machine that does other things as well, many times over. */
const PATIENCE_MS = 120_000;

/** A recordings folder that servers write to, as others see it. */
export class RecordsFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** All files but those that servers keep for themselves, relative to it. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .filter((path) => !path.startsWith('.'));
  }

  /** Paths of manifests: segments that are final. */
  async manifests(): Promise<string[]> {
    return (await this.files()).filter((path) => path.endsWith('.json'));
  }

  async readManifest(path: string): Promise<Manifest> {
    return JSON.parse(await readFile(join(this.path, path), 'utf8')) as Manifest;
  }

  /** One line a segment. */
  async cdr(): Promise<CdrLine[]> {
    const paths = (await this.files()).filter((path) => path.startsWith('cdr/'));
    const texts = await Promise.all(paths.map((path) => readFile(join(this.path, path), 'utf8')));
    return texts.flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as CdrLine),
    );
  }

  /** Resolves once every call has one unfinished recording, which that process has begun. */
  onlyBy(pid: number | undefined, uuids: readonly string[]): Promise<void> {
    return this.#until(async (journals) => {
      const pids = new Map<string, (number | undefined)[]>();
      for (const path of journals) {
        const { head, recorder } = await this.#journal(path);
        const uuid = String(head?.uuid);
        pids.set(uuid, [...(pids.get(uuid) ?? []), recorder?.pid]);
      }
      return uuids.filter((uuid) => pids.get(uuid)?.join() !== String(pid));
    });
  }

  /** Resolves once nothing is recorded, or to be recovered. */
  final(): Promise<void> {
    return this.#until(async (journals) => journals);
  }

  /** One that is gone meanwhile says nothing. */
  async #journal(path: string): Promise<Pick<JournalContent, 'head' | 'recorder'>> {
    const gone = { head: null, recorder: null };
    return readJournal(join(this.path, path)).catch(() => gone);
  }

  async #until(wrong: (journals: string[]) => Promise<string[]>): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const left = await wrong((await this.files()).filter((path) => path.endsWith('.journal')));
      if (left.length === 0) return;
      if (performance.now() > deadlineMs) throw new Error(`not recovered: ${left.join(', ')}`);
      await sleep(LOOK_MS);
    }
  }
}
