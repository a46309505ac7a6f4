import type { Log } from '../log.ts';

/** Whoever reads the log knows by then. */
const SAY_EVERY_NS = 60e9;

/** Says, at most once a minute, that DATA was lost because the control port was not read in time. */
export class Overflows {
  readonly #log: Log;
  #packets = 0;
  #saidNs = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  count(packets: number): void {
    this.#packets += packets;
  }

  report(nowNs: number): void {
    if (this.#packets === 0 || nowNs - this.#saidNs < SAY_EVERY_NS) return;
    this.#log.warn(
      { packets: this.#packets },
      `${this.#packets} packets of taps without ports of their own were lost because this machine was too busy to read them: raise server.receive_buffer, and net.core.rmem_max with it, or give it more processor time`,
    );
    this.#packets = 0;
    this.#saidNs = nowNs;
  }
}
