import { isIPv6 } from 'node:net';
import { DgramAsPromised } from 'dgram-as-promised';
import type { LegSocket, OnDatagram, Receiver } from './receiver.ts';

/** A drain beside busy calls would never see a quiet turn: it ends after this many. */
const MAX_DRAIN_TURNS = 20;

/** Receives with node:dgram, one callback per packet; works everywhere. */
export class DgramReceiver implements Receiver {
  readonly #now: () => number;
  #received = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async bind(host: string, port: number, onDatagram: OnDatagram): Promise<LegSocket> {
    const socket = DgramAsPromised.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const raw = socket.socket;
    raw.on('message', (bytes, from) => {
      this.#received++;
      onDatagram(bytes, bytes.length, this.#now(), from.address, from.port);
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
      close: () => {
        closed ??= socket.close();
        return closed;
      },
    };
  }

  /** One turn of the event loop reads some datagrams of each socket: turns until one reads none. */
  async drain(): Promise<void> {
    let before = -1;
    for (let turn = 0; turn < MAX_DRAIN_TURNS && before !== this.#received; turn++) {
      before = this.#received;
      for (let phase = 0; phase < 2; phase++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
