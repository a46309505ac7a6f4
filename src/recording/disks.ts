import { isAbsolute } from 'node:path';
import { Disk, type DiskReport, type DiskTimes } from './disk.ts';
import { BY_NODE, type DiskAccess } from './disk-access.ts';

/** The recordings folder and the one for when that is short of room, as one thread writes to them. */
export class Disks {
  readonly #main: Disk;
  readonly #fallback: Disk | null;

  constructor(
    dir: string,
    fallbackDir: string | null = null,
    report: (report: DiskReport) => void = () => {},
    /** Each has its own: one that stands still does not keep the other waiting. */
    accessOf: () => DiskAccess = () => BY_NODE,
    times?: DiskTimes,
  ) {
    const open = (each: string) => new Disk(each, report, times, accessOf());
    this.#main = open(dir);
    this.#fallback = fallbackDir === null ? null : open(fallbackDir);
  }

  /** Where a recording of this name lies: those of the recordings folder are named from there on. */
  of(name: string): Disk {
    return this.#fallback && isAbsolute(name) ? this.#fallback : this.#main;
  }

  /** So long from now on, and no call that has ended waits for a disk that fails any more. */
  hurry(patienceMs: number): void {
    this.#main.hurry(patienceMs);
    this.#fallback?.hurry(patienceMs);
  }

  close(): void {
    this.#main.close();
    this.#fallback?.close();
  }
}
