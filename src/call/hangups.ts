import type { Call } from './call.ts';
import type { Channel } from './channel.ts';

/** BYE comes some milliseconds before the event of the hangup; whoever stopped only the tap never hangs up. */
const WAIT_MS = 500;

/** Calls that have ended with a BYE and wait for a moment to be told why their channel hung up. */
export class Hangups {
  readonly #waiting = new Map<Channel, Set<() => void>>();
  #state: 'open' | 'closed' = 'open';

  /** True where the event of the hangup is about to come. */
  isAwaited({ channel, end }: Call): boolean {
    return this.#state === 'open' && channel?.state === 'vouched' && end?.reason === 'bye';
  }

  /** Resolves once the channel has hung up, or after 500 ms; at once from `close` on. */
  of(channel: Channel): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(channel) ?? new Set();
      this.#waiting.set(channel, waiting);
      const done = () => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(channel);
        resolve();
      };
      const timer = setTimeout(done, WAIT_MS);
      waiting.add(done);
    });
  }

  hungUp(channel: Channel): void {
    for (const done of this.#waiting.get(channel) ?? []) done();
  }

  close(): void {
    this.#state = 'closed';
    for (const channel of this.#waiting.keys()) this.hungUp(channel);
  }
}
