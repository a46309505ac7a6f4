import { DROP_REASONS, type DropReason } from '../capture/index.ts';
import type { Log } from '../log.ts';

/** All datagrams of the daemon that went nowhere, by reason. */
export class DropTally {
  readonly total: Record<string, number> = Object.fromEntries(
    DROP_REASONS.map((reason) => [reason, 0]),
  );
  #sum = 0;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  count(reason: DropReason, packets = 1): void {
    this.total[reason] = (this.total[reason] ?? 0) + packets;
    this.#sum += packets;
  }

  /** The last line, where anything was dropped at all. */
  reportAll(): void {
    if (this.#sum === 0) return;
    this.#log.info({ dropped: { ...this.total } }, 'datagrams dropped since the start');
  }
}
