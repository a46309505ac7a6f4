import type { Log } from '../log.ts';

/** Whoever floods the port does not flood the log as well. */
const SAY_EVERY_NS = 60e9;
/** So many addresses are told from each other between two lines. */
const MAX_ADDRESSES = 256;

/** Says, at most once a minute, who sends more than a limit lets it, and how much of that was dropped. */
export class Floods {
  readonly #log: Log;
  readonly #words: (address: string, dropped: string) => string;
  readonly #byAddress = new Map<string, number>();
  #dropped = 0;
  #saidNs = Number.NEGATIVE_INFINITY;

  /** `words` makes the line of the address that sends the most, and of how much was dropped. */
  constructor(log: Log, words: (address: string, dropped: string) => string) {
    this.#log = log;
    this.#words = words;
  }

  count(address: string, datagrams: number): void {
    this.#dropped += datagrams;
    const before = this.#byAddress.get(address);
    if (before === undefined && this.#byAddress.size === MAX_ADDRESSES) return;
    this.#byAddress.set(address, (before ?? 0) + datagrams);
  }

  report(nowNs: number): void {
    if (this.#dropped === 0 || nowNs - this.#saidNs < SAY_EVERY_NS) return;
    let [address, most] = ['', 0];
    for (const [each, datagrams] of this.#byAddress)
      if (datagrams > most) [address, most] = [each, datagrams];
    const others = this.#dropped - most;
    const dropped = others === 0 ? `${most}` : `${most} (and ${others} of other addresses)`;
    this.#log.warn(
      { address, dropped: most, droppedOfOthers: others },
      this.#words(address, dropped),
    );
    this.#byAddress.clear();
    this.#dropped = 0;
    this.#saidNs = nowNs;
  }
}
