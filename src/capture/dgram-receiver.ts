import { isIPv6 } from 'node:net';
import { DgramAsPromised } from 'dgram-as-promised';
import { Heartbeat } from './heartbeat.ts';
import { Datagram, type LegSocket, type OnDatagram, type Receiver } from './receiver.ts';

/** A drain beside busy calls would never see a quiet turn: it ends after this many. */
const MAX_DRAIN_TURNS = 20;

/** Receives with node:dgram, one callback per packet; works everywhere. */
export class DgramReceiver implements Receiver {
  readonly #now: () => number;
  readonly #heartbeat: Heartbeat;
  readonly #datagram = new Datagram();
  #received = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#heartbeat = new Heartbeat(now);
  }

  async bind(host: string, port: number, onDatagram: OnDatagram): Promise<LegSocket> {
    const socket = DgramAsPromised.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const raw = socket.socket;
    raw.on('message', (bytes, from) => {
      this.#received++;
      const datagram = this.#datagram;
      datagram.bytes = bytes;
      datagram.sizeBytes = bytes.length;
      datagram.arrivalNs = this.#now();
      datagram.lagNs = this.#heartbeat.lagNs(datagram.arrivalNs);
      datagram.address = from.address;
      datagram.port = from.port;
      onDatagram(datagram);
    });
    try {
      await socket.bind({ port, address: host, exclusive: true });
    } catch (error) {
      raw.close();
      throw error;
    }
    // A leg socket never sends, so an error on it concerns nobody; without a listener it would throw.
    raw.on('error', () => {});
    let closed: Promise<void> | null = null;
    return {
      port: raw.address().port,
      drain: () => this.#drain(),
      // Each datagram is handed on as it comes.
      listenUntil: () => {},
      close: () => {
        closed ??= socket.close();
        return closed;
      },
    };
  }

  close(): void {
    this.#heartbeat.close();
  }

  /** One turn of the event loop reads some datagrams of each socket: turns until one reads none. */
  async #drain(): Promise<void> {
    let before = -1;
    for (let turn = 0; turn < MAX_DRAIN_TURNS && before !== this.#received; turn++) {
      before = this.#received;
      for (let phase = 0; phase < 2; phase++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
