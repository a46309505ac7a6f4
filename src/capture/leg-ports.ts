import { DataHeader, type LegName } from '../protocol/index.ts';
import type { Gate } from './gate.ts';
import type { MediaCall } from './media-call.ts';
import type { OnDrop } from './media-summary.ts';
import type { BoundPair } from './messages.ts';
import { packetNsOf } from './packet-time.ts';
import type { Datagram, LegSocket, Receiver } from './receiver.ts';

/**
 *     idle ──attach──► live ──detach──► resting ◄───────────────┐
 *                       ▲ └──watch──► watching ──unwatch────────┤
 *                       │                 │ media goes on       │
 *                       └────attach──── resumed ───unwatch──────┘
 *
 * `idle`: what comes is kept for the call to come. `live`: that call takes it. `resting`: bound, so that
 * nobody else gets late packets, and counting them. `watching`: the same, but a few packets of its own
 * call say that this goes on. `resumed`: they have, and are kept until it is opened.
 */
type PairState = 'idle' | 'live' | 'resting' | 'watching' | 'resumed';

interface KeptDatagram {
  leg: LegName;
  datagram: Datagram;
}

/** What a resting pair looks out for. */
export interface Watch {
  /** Of the call that has ended. */
  gate: Gate;
  /** Its media goes on; the argument is when the first packet began. Called once a watch. */
  resumed(startNs: number): void;
}

/** Media can be faster than the order to open its call: the last so many datagrams wait for that. */
const MAX_KEPT = 128;
/** So many packets of an ended call within this time say that it goes on. */
const RESUME_PACKETS = 3;
const RESUME_WITHIN_NS = 2e9;

const HEADER = new DataHeader();

/** The two bound sockets of one call after another's rest. */
export class LegPorts {
  readonly pair: BoundPair;
  /** Datagrams that belonged to no call. */
  strays = 0;
  readonly #onDrop: OnDrop;
  #state: PairState = 'idle';
  #call: MediaCall | null = null;
  #kept: KeptDatagram[] = [];
  #watch: Watch | null = null;
  #sockets: LegSocket[] = [];

  constructor(pair: BoundPair, onDrop: OnDrop = () => {}) {
    this.pair = pair;
    this.#onDrop = onDrop;
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
    const kept = this.#kept;
    this.#kept = [];
    for (const { leg, datagram } of kept)
      if (datagram.arrivalNs >= sinceNs) call.receive(leg, datagram);
      else this.#drop();
    this.#state = 'live';
    this.#call = call;
    this.#watch = null;
  }

  /** The call is over, and what still comes is late. */
  detach(): void {
    this.#call = null;
    this.#watch = null;
    this.#state = 'resting';
    this.#forgetKept();
  }

  /** The call is over, but its media may go on, and is kept for that. */
  watch(watch: Watch): void {
    this.detach();
    this.#watch = watch;
    this.#state = 'watching';
  }

  /** Resolves once all that has come to the ports has been handed on. */
  async drain(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.drain()));
  }

  /** Somebody listens to the call until then. */
  listenUntil(untilNs: number): void {
    for (const socket of this.#sockets) socket.listenUntil(untilNs);
  }

  /** What waits there is counted before. */
  async close(): Promise<void> {
    await this.drain();
    this.#forgetKept();
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  #receive(leg: LegName, datagram: Datagram): void {
    if (this.#call) return this.#call.receive(leg, datagram);
    if (datagram.overflows > 0) {
      this.#onDrop('kernel', datagram.overflows);
      // What is kept is not to be counted again by the call that takes it.
      datagram.overflows = 0;
    }
    if (this.#state === 'idle') this.#keep(leg, datagram);
    else if (this.#watch && this.#watch.gate.refusal(datagram, HEADER) === null)
      this.#keepForResume(this.#watch, leg, datagram);
    else this.#drop();
  }

  #forgetKept(): void {
    while (this.#kept.shift()) this.#drop();
  }

  #keepForResume(watch: Watch, leg: LegName, datagram: Datagram): void {
    if (this.#state === 'resumed') return this.#keep(leg, datagram);
    const oldestNs = datagram.arrivalNs - RESUME_WITHIN_NS;
    while (this.#kept[0] && this.#kept[0].datagram.arrivalNs < oldestNs) {
      this.#kept.shift();
      this.#drop();
    }
    this.#keep(leg, datagram);
    if (this.#kept.length < RESUME_PACKETS) return;
    this.#state = 'resumed';
    const first = (this.#kept[0] as KeptDatagram).datagram;
    // For its header, which has just been found good.
    watch.gate.refusal(first, HEADER);
    const packetNs = packetNsOf(HEADER.payloadType, first.sizeBytes - HEADER.payloadStart);
    watch.resumed(first.arrivalNs - packetNs);
  }

  #keep(leg: LegName, datagram: Datagram): void {
    if (this.#kept.length === MAX_KEPT) {
      this.#kept.shift();
      this.#drop();
    }
    this.#kept.push({ leg, datagram: datagram.copy() });
  }

  #drop(): void {
    this.strays++;
    this.#onDrop(this.#state === 'idle' ? 'no-call' : 'late');
  }
}
