import { errorText, systemCode } from '../errors.ts';
import { BY_NODE, type DiskAccess } from './disk-access.ts';

/** What a thread tells of a folder it writes to. */
export type DiskReport =
  | { state: 'failing'; dir: string; reason: string }
  /** It works again; `lostBytes` of audio there was no memory to wait in. */
  | { state: 'well'; dir: string; lostBytes: number };

/** All in ms. */
export interface DiskTimes {
  /** Between two tries of what has failed, growing from the first to the second. */
  retryMinMs: number;
  retryMaxMs: number;
  /** What takes longer than this is a fault of the disk. */
  slowMs: number;
  /** How long a call that has ended waits for it. */
  patienceMs: number;
}

export const DISK_TIMES: DiskTimes = {
  retryMinMs: 200,
  retryMaxMs: 5000,
  slowMs: 5000,
  patienceMs: 60_000,
};

/** How often it is looked at while something is under way. */
const LOOK_MS = 1000;
/** A disk is well once nothing has failed for so long. */
const QUIET_MS = 2000;

/** Waits for the disk and can be told to hurry. */
export interface Waiting {
  limit(ms: number): void;
}

/**
 * A folder as one thread writes to it: whether it works, and who waits until it does again. Of those whose
 * write failed one at a time tries again, and once that works all do. Its alarm is raised once and
 * cleared once, however many files it has.
 */
export class Disk {
  readonly dir: string;
  readonly times: DiskTimes;
  readonly access: DiskAccess;
  readonly #report: (report: DiskReport) => void;
  #reason: string | null = null;
  #lastReason = '';
  #lostBytes = 0;
  #faultMs = 0;
  /** When it last refused something, and when it last was done with something. */
  #refusedMs = -Infinity;
  #doneMs = 0;
  #retryMs: number;
  /** From then on nobody waits. */
  #lastMs = Infinity;
  /** They try again when they are called, and say what came of it. */
  readonly #retries = new Set<() => void>();
  /** How much is under way, by when it has begun, in whole ms; the oldest first. */
  readonly #underWay = new Map<number, number>();
  readonly #waiting = new Set<Waiting>();
  #retryTimer: NodeJS.Timeout | null = null;
  #lookTimer: NodeJS.Timeout | null = null;

  constructor(
    dir = '',
    report: (report: DiskReport) => void = () => {},
    times: DiskTimes = DISK_TIMES,
    access: DiskAccess = BY_NODE,
  ) {
    this.dir = dir;
    this.access = access;
    this.times = times;
    this.#report = report;
    this.#retryMs = times.retryMinMs;
  }

  /** Why it does not work, or did not when it last did not; empty where it always did. */
  get reason(): string {
    return this.#lastReason;
  }

  /** Whether waiting leads nowhere as it looks: it has refused something, or nothing gets done. One that is slow gets done. */
  get isStuck(): boolean {
    const nowMs = performance.now();
    if (this.#retries.size > 0 || nowMs - this.#refusedMs < QUIET_MS) return true;
    const [oldestMs = nowMs] = this.#underWay.keys();
    return nowMs - Math.max(oldestMs, this.#doneMs) >= this.times.slowMs;
  }

  /** Something is under way, until `end` is called with what this returns. */
  begin(): number {
    const sinceMs = Math.trunc(performance.now());
    this.#underWay.set(sinceMs, (this.#underWay.get(sinceMs) ?? 0) + 1);
    if (this.#lookTimer === null) this.#watch();
    return sinceMs;
  }

  end(sinceMs: number): void {
    const left = (this.#underWay.get(sinceMs) ?? 0) - 1;
    if (left > 0) this.#underWay.set(sinceMs, left);
    else this.#underWay.delete(sinceMs);
    this.#doneMs = performance.now();
  }

  /** What somebody tried has failed, and may work later: `retry` is called when it is worth it. */
  failed(error: unknown, retry: () => void): void {
    this.#refusedMs = performance.now();
    this.#fault(systemCode(error) ?? errorText(error));
    this.#retries.add(retry);
    this.#retryTimer ??= setTimeout(() => this.#retryOne(), this.#retryMs);
  }

  /** What had failed has worked this time: so may the others. */
  healed(): void {
    if (this.#retries.size === 0) return;
    const retries = [...this.#retries];
    this.#retries.clear();
    for (const retry of retries) retry();
  }

  /** Nobody waits for this any more. */
  forget(retry: () => void): void {
    this.#retries.delete(retry);
  }

  /** For so many bytes there was no memory left to wait in. */
  lost(bytes: number): void {
    this.#lostBytes += bytes;
    this.#fault('it takes less than arrives');
  }

  /** Of a call that has ended: how long it waits. */
  wait(waiting: Waiting): void {
    this.#waiting.add(waiting);
    waiting.limit(Math.min(this.times.patienceMs, this.#leftMs));
  }

  endWait(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** So long from now on, and nobody waits any more, whenever he has begun. */
  hurry(patienceMs: number): void {
    this.#lastMs = Math.min(performance.now() + patienceMs, this.#lastMs);
    for (const waiting of this.#waiting) waiting.limit(this.#leftMs);
  }

  /** No timer is left behind. */
  close(): void {
    if (this.#lookTimer) clearInterval(this.#lookTimer);
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    this.#lookTimer = null;
    this.#retryTimer = null;
  }

  get #leftMs(): number {
    return Math.max(0, this.#lastMs - performance.now());
  }

  #retryOne(): void {
    this.#retryTimer = null;
    this.#retryMs = Math.min(2 * this.#retryMs, this.times.retryMaxMs);
    for (const retry of this.#retries) {
      this.#retries.delete(retry);
      return retry();
    }
  }

  #fault(reason: string): void {
    this.#faultMs = performance.now();
    if (this.#lookTimer === null) this.#watch();
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#lastReason = reason;
    this.#report({ state: 'failing', dir: this.dir, reason });
  }

  #watch(): void {
    this.#lookTimer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #look(): void {
    const nowMs = performance.now();
    const [oldestMs = nowMs] = this.#underWay.keys();
    const { slowMs } = this.times;
    if (nowMs - oldestMs >= slowMs) this.#fault(`it has not answered for ${slowMs / 1000} s`);
    // Whoever was to try again may have given up instead.
    if (this.#retries.size > 0 && this.#retryTimer === null)
      this.#retryTimer = setTimeout(() => this.#retryOne(), this.#retryMs);
    if (this.#retries.size > 0 || nowMs - this.#faultMs < QUIET_MS) return;
    if (this.#reason !== null) {
      this.#reason = null;
      this.#retryMs = this.times.retryMinMs;
      this.#report({ state: 'well', dir: this.dir, lostBytes: this.#lostBytes });
      this.#lostBytes = 0;
    } else if (this.#underWay.size === 0 && this.#lookTimer !== null) {
      clearInterval(this.#lookTimer);
      this.#lookTimer = null;
    }
  }
}
