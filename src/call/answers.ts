import type { Source } from '../capture/index.ts';
import type { PortPair } from '../protocol/index.ts';
import type { Call } from './call.ts';
import type { CallRegistryOptions } from './registry-options.ts';

/** ACKs to BYEs of calls that nobody knows, so that nobody can make us answer for them. */
const UNKNOWN_BYE_PER_S = 10;

/** What goes back to the taps: an ACK for each INV and BYE, and our own BYE when a call has run out of time. */
export class Answers {
  readonly #options: Pick<CallRegistryOptions, 'send' | 'sourceLock'>;
  #unknownByes = 0;

  constructor(options: Pick<CallRegistryOptions, 'send' | 'sourceLock'>) {
    this.#options = options;
  }

  ack(uuid: string, ports: PortPair | null, to: Source, seq = false): void {
    this.#options.send({ kind: 'ack', uuid, ports, seq }, to, false);
  }

  /** The ACK of a BYE whose call nobody knows, unless there were too many within this second. */
  ackUnknownBye(uuid: string, to: Source): void {
    if (++this.#unknownByes <= UNKNOWN_BYE_PER_S) this.ack(uuid, null, to);
  }

  /** Tells the call's taps that it is over. */
  bye(call: Call): void {
    for (const tap of [call.tap, ...call.otherTaps]) {
      if (tap.state === 'ended') continue;
      // Any packet is longer than a BYE; but where the source is not looked at it may be another's.
      const hasSent = tap === call.tap && call.lastArrivalNs >= 0;
      const isPaid = hasSent && this.#options.sourceLock !== 'off';
      this.#options.send({ kind: 'bye', uuid: tap.uuid }, tap.source, isPaid);
    }
  }

  /** Tells a tap once more that its call is over; what it has sent pays for it. */
  byeAgain(uuid: string, to: Source): void {
    this.#options.send({ kind: 'bye', uuid }, to, false);
  }

  /** A further second begins. */
  nextSecond(): void {
    this.#unknownByes = 0;
  }
}
