import { RstError } from '../errors.ts';
import { canHeal } from './can-heal.ts';
import type { Disk } from './disk.ts';

/** What is under way when patience is over gets this long to end by itself. */
const GRACE_MS = 1000;
/** A disk that gets things done is given so much more. */
const AGAIN_MS = 1000;

/**
 * How long a recording waits for a disk that fails: for ever while its call runs, and for a while once
 * that is over. A disk that gets things done may take as long as it takes.
 */
export class Patience {
  readonly disk: Disk;
  /** What is written is to be on the disk before more is. */
  readonly isDurable: boolean;
  readonly #whenOver = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #deadlineMs = Infinity;
  #isOver = false;

  constructor(disk: Disk, isDurable = false) {
    this.disk = disk;
    this.isDurable = isDurable;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The call is over: from here on it is bounded. `end` has to follow. */
  begin(): void {
    this.disk.wait(this);
  }

  /** At most so long from now on. */
  limit(ms: number): void {
    const deadlineMs = performance.now() + ms;
    if (this.#isOver || deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#wake(ms);
  }

  /** Nothing is waited for any more. */
  end(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.disk.endWait(this);
    this.#whenOver.clear();
  }

  /** Calls back once it is over. Returns what takes that back. */
  onOver(callback: () => void): () => void {
    this.#whenOver.add(callback);
    return () => this.#whenOver.delete(callback);
  }

  /**
   * Does it, again and again while the disk fails. Rejects with an error that waiting does not heal, and
   * with the last one once patience is over; then the action may still be under way. One that is `long`
   * says itself what it does with the disk.
   */
  async insist<T>(action: () => Promise<T>, isLong = false): Promise<T> {
    for (let isRetry = false; ; isRetry = true)
      try {
        const result = await this.#attempt(action, isLong);
        if (isRetry) this.disk.healed();
        return result;
      } catch (error) {
        if (this.#isOver || !canHeal(error)) throw error;
        await this.#pause(error);
        if (this.#isOver) throw error;
      }
  }

  async #attempt<T>(action: () => Promise<T>, isLong: boolean): Promise<T> {
    if (this.#isOver) throw this.#silence();
    const late = Promise.withResolvers<never>();
    let timer: NodeJS.Timeout | undefined;
    const forget = this.onOver(() => {
      timer = setTimeout(() => late.reject(this.#silence()), GRACE_MS);
    });
    const acting = isLong ? action() : this.#watched(action);
    try {
      return await Promise.race([acting, late.promise]);
    } finally {
      forget();
      clearTimeout(timer);
    }
  }

  async #watched<T>(action: () => Promise<T>): Promise<T> {
    const sinceMs = this.disk.begin();
    try {
      return await action();
    } finally {
      this.disk.end(sinceMs);
    }
  }

  async #pause(error: unknown): Promise<void> {
    const pause = Promise.withResolvers<void>();
    this.disk.failed(error, pause.resolve);
    const forget = this.onOver(pause.resolve);
    await pause.promise;
    forget();
    this.disk.forget(pause.resolve);
  }

  #silence(): RstError {
    const { dir, reason } = this.disk;
    return new RstError('RST_RECORDING', `${dir}: nothing could be written any more (${reason})`);
  }

  #wake(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.disk.isStuck) this.#over();
      else this.#wake(AGAIN_MS);
    }, ms);
  }

  #over(): void {
    this.#isOver = true;
    const callbacks = [...this.#whenOver];
    this.#whenOver.clear();
    for (const callback of callbacks) callback();
  }
}
