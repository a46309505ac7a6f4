import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { FuzzDatagram, Sender } from './datagrams.ts';
import type { LegPorts } from './live-calls.ts';

export const ADDRESSES: Record<Sender, string> = {
  neighbour: '127.0.0.1',
  'neighbour-2': '127.0.0.1',
  stranger: '127.0.0.2',
  'stranger-2': '127.0.0.3',
  refused: '127.0.0.4',
};

/** What the daemon takes datagrams from: all of these but the last. */
export const ALLOWED = '127.0.0.1,127.0.0.2,127.0.0.3';

/** The sockets that the fuzz sends from, and what came back to them. */
export class FuzzSockets implements AsyncDisposable {
  /** By address. */
  readonly sentBytes = new Map<string, number>();
  readonly answeredBytes = new Map<string, number>();
  answers = 0;
  readonly #sockets: Record<Sender, Socket>;
  readonly #controlPort: number;
  /** Of the fuzz's own calls, as their ACKs named them. */
  readonly #ownPorts = new Map<string, LegPorts>();

  private constructor(sockets: Record<Sender, Socket>, controlPort: number) {
    this.#sockets = sockets;
    this.#controlPort = controlPort;
    for (const sender of Object.keys(sockets) as Sender[])
      sockets[sender].on('message', (bytes) => this.#answered(sender, bytes));
  }

  static async open(controlPort: number): Promise<FuzzSockets> {
    const opened = await Promise.all(
      Object.entries(ADDRESSES).map(async ([sender, address]) => {
        const socket = createSocket({
          type: 'udp4',
          // Every target is an address: it needs no turn of the event loop to be found.
          lookup: (name, _options, done) => done(null, name, 4),
        });
        socket.on('error', () => {});
        const listening = once(socket, 'listening');
        socket.bind(0, address);
        await listening;
        return [sender, socket] as const;
      }),
    );
    return new FuzzSockets(Object.fromEntries(opened) as Record<Sender, Socket>, controlPort);
  }

  send({ from, target, bytes }: FuzzDatagram, livePorts: readonly (LegPorts | null)[]): void {
    let port: number | undefined;
    if (target.to === 'live-leg') port = livePorts[target.call]?.[target.leg];
    if (target.to === 'own-leg') port = this.#ownPorts.get(target.uuid)?.[target.leg];
    const address = ADDRESSES[from];
    this.sentBytes.set(address, (this.sentBytes.get(address) ?? 0) + bytes.length);
    this.#sockets[from].send(bytes, port ?? this.#controlPort, '127.0.0.1');
  }

  #answered(sender: Sender, bytes: Buffer): void {
    this.answers++;
    const address = ADDRESSES[sender];
    this.answeredBytes.set(address, (this.answeredBytes.get(address) ?? 0) + bytes.length);
    const [, uuid = '', R, W] = bytes.toString('latin1').split(':');
    if (!R || !W) return;
    this.#ownPorts.delete(uuid);
    this.#ownPorts.set(uuid, { R: Number(R), W: Number(W) });
    // The last ones are enough: a call of longer ago is over.
    if (this.#ownPorts.size > 200)
      for (const oldest of this.#ownPorts.keys()) {
        this.#ownPorts.delete(oldest);
        break;
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      Object.values(this.#sockets).map((socket) => {
        const gone = once(socket, 'close');
        socket.close();
        return gone;
      }),
    );
  }
}
