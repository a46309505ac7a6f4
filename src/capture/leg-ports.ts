import type { LegName } from '../protocol/index.ts';
import type { MediaCall } from './media-call.ts';
import type { BoundPair } from './messages.ts';
import type { LegSocket, Receiver } from './receiver.ts';

/**
 * A pair is `idle` until its ports are promised to a call, `live` for that call, and then `resting`:
 * bound, so that nobody else gets its late packets, and counting them.
 */
type PairState = 'idle' | 'live' | 'resting';

interface EarlyDatagram {
  leg: LegName;
  bytes: Uint8Array;
  arrivalNs: number;
  address: string;
}

/** Media can be faster than the order to open its call: this many datagrams wait for that. */
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
        const socket = await receiver.bind(host, port, (bytes, size, arrivalNs, address) =>
          this.#receive(leg, bytes, size, arrivalNs, address),
        );
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
    for (const { leg, bytes, arrivalNs, address } of this.#early)
      if (arrivalNs >= sinceNs) call.receive(leg, bytes, bytes.length, arrivalNs, address);
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

  #receive(
    leg: LegName,
    bytes: Uint8Array,
    sizeBytes: number,
    arrivalNs: number,
    address: string,
  ): void {
    if (this.#call) this.#call.receive(leg, bytes, sizeBytes, arrivalNs, address);
    else if (this.#state === 'idle' && this.#early.length < MAX_EARLY)
      this.#early.push({ leg, bytes: bytes.slice(0, sizeBytes), arrivalNs, address });
    else this.strays++;
  }
}
