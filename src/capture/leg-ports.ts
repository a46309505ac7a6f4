import type { LegName } from '../protocol/index.ts';
import type { MediaCall } from './media-call.ts';
import type { BoundPair } from './messages.ts';
import { Datagram, type LegSocket, type Receiver } from './receiver.ts';

/**
 * A pair is `idle` until its ports are promised to a call, `live` for that call, and then `resting`:
 * bound, so that nobody else gets its late packets, and counting them.
 */
type PairState = 'idle' | 'live' | 'resting';

interface EarlyDatagram {
  leg: LegName;
  datagram: Datagram;
}

/** Media can be faster than the order to open its call: the last so many datagrams wait for that. */
const MAX_EARLY = 128;

/** The two bound sockets of one call after another's rest. */
export class LegPorts {
  readonly pair: BoundPair;
  /** Datagrams that belonged to no call. */
  strays = 0;
  #state: PairState = 'idle';
  #call: MediaCall | null = null;
  #early: EarlyDatagram[] = [];
  #sockets: LegSocket[] = [];

  constructor(pair: BoundPair) {
    this.pair = pair;
  }

  /** Binds both sockets; rejects with the system's error and leaves nothing bound. */
  async bind(receiver: Receiver, host: string): Promise<void> {
    for (const [leg, port] of [
      ['R', this.pair.readPort],
      ['W', this.pair.writePort],
    ] as const) {
      try {
        const socket = await receiver.bind(host, port, (datagram) => this.#receive(leg, datagram));
        this.#sockets.push(socket);
      } catch (error) {
        await this.close();
        throw Object.assign(error as Error, { port });
      }
    }
  }

  /** Gives the sockets to a call, together with what came for it since `sinceNs`. */
  attach(call: MediaCall, sinceNs: number): void {
    this.#state = 'live';
    this.#call = call;
    for (const { leg, datagram } of this.#early)
      if (datagram.arrivalNs >= sinceNs) call.receive(leg, datagram);
      else this.strays++;
    this.#early = [];
  }

  detach(): void {
    this.#state = 'resting';
    this.#call = null;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  #receive(leg: LegName, datagram: Datagram): void {
    if (this.#call) this.#call.receive(leg, datagram);
    else if (this.#state === 'idle') {
      if (this.#early.length === MAX_EARLY) {
        this.#early.shift();
        this.strays++;
      }
      this.#early.push({ leg, datagram: copyOf(datagram) });
    } else this.strays++;
  }
}

function copyOf(datagram: Datagram): Datagram {
  const bytes = datagram.bytes.slice(0, datagram.sizeBytes);
  return Object.assign(new Datagram(), datagram, { bytes });
}
