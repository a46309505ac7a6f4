import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the event loop is looked at; what is measured has this in it. */
const RESOLUTION_MS = 20;

/** One for all servers of this process: node lets go of none before it feels like it. */
let histogram: ReturnType<typeof monitorEventLoopDelay> | null = null;
let users = 0;

/** How late the event loop of this thread is. */
export class LoopDelay {
  #state: 'idle' | 'measuring' | 'closed' = 'idle';

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'measuring';
    histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    if (users++ === 0) histogram.enable();
  }

  close(): void {
    if (this.#state === 'measuring' && --users === 0) histogram?.disable();
    this.#state = 'closed';
  }

  /** In ms, but for one time in a hundred; since it was taken last. */
  takeP99Ms(): number {
    const ms = (histogram?.percentile(99) ?? 0) / 1e6 - RESOLUTION_MS;
    histogram?.reset();
    return Math.max(0, Math.round(ms * 10) / 10);
  }
}
