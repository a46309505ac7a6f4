import type { AllowList, Source } from '../capture/index.ts';
import type { Log } from '../log.ts';

/** Addresses that were named in the log; what comes from further ones is only counted. */
const MAX_NAMED = 256;

/** Says once of each refused address which line of the configuration would let it in. */
export class Refusals {
  readonly #allow: AllowList;
  readonly #log: Log;
  readonly #named = new Set<string>();

  constructor(allow: AllowList, log: Log) {
    this.#allow = allow;
    this.#log = log;
  }

  note({ address }: Source): void {
    if (this.#named.size === MAX_NAMED || this.#named.has(address)) return;
    this.#named.add(address);
    const line = this.#allow.lineFor(address);
    this.#log.warn(
      { address, line },
      `${address} is not in server.allow, so what it sends is dropped; this line under [server] would allow it: ${line}`,
    );
    if (this.#named.size === MAX_NAMED)
      this.#log.warn('further addresses outside of server.allow are counted and not named');
  }
}
