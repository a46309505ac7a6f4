import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { errorText, RstError } from '../errors.ts';
import type { LegName, PortPair } from '../protocol/index.ts';
import type { Target } from './target.ts';

/**
 * The sockets of one call: control, read and write in the port form, one for everything in the old form.
 * None is connected, as in the module: a refused port stays a matter of the network and is no error here.
 */
export class TapSockets {
  /** The ports that go into the INV; `null` in the old form. */
  readonly localPorts: PortPair | null;
  readonly #target: Target;
  readonly #control: Socket;
  readonly #read: Socket;
  readonly #write: Socket;
  #readPort: number;
  #writePort: number;
  #closing: Promise<void> | undefined;

  /** @throws RstError RST_PORT_IN_USE where the system has no more sockets to give. */
  static async open(
    target: Target,
    form: 'ports' | 'old',
    onMessage: (datagram: Buffer) => void,
  ): Promise<TapSockets> {
    const opening = Array.from({ length: form === 'old' ? 1 : 3 }, () => openSocket(target));
    const results = await Promise.allSettled(opening);
    const failed = results.find((result) => result.status === 'rejected');
    const sockets = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    if (failed) {
      for (const socket of sockets) socket.close();
      throw new RstError(
        'RST_PORT_IN_USE',
        `No UDP socket for another call: ${errorText(failed.reason)}; send fewer calls at a time or allow more open files.`,
        { cause: failed.reason },
      );
    }
    for (const socket of sockets) socket.on('message', onMessage);
    return new TapSockets(target, sockets);
  }

  private constructor(target: Target, sockets: Socket[]) {
    const control = sockets[0] as Socket;
    this.#target = target;
    this.#control = control;
    this.#read = sockets[1] ?? control;
    this.#write = sockets[2] ?? control;
    this.#readPort = target.port;
    this.#writePort = target.port;
    this.localPorts =
      sockets.length === 1
        ? null
        : { readPort: this.#read.address().port, writePort: this.#write.address().port };
  }

  /** Where DATA goes from now on; to the control port before the first call of this. */
  route(ports: PortPair): void {
    this.#readPort = ports.readPort;
    this.#writePort = ports.writePort;
  }

  sendControl(datagram: Uint8Array): void {
    // Without a callback a failed sending is no event at all: UDP, the next try will tell.
    this.#control.send(datagram, this.#target.port, this.#target.address);
  }

  /** `parts` make up one datagram; they have to stay unchanged for as long as the call lives. */
  sendData(leg: LegName, parts: Uint8Array[]): void {
    if (leg === 'R') this.#read.send(parts, this.#readPort, this.#target.address);
    else this.#write.send(parts, this.#writePort, this.#target.address);
  }

  /** Idempotent; resolves when the sockets are gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const sockets = new Set([this.#control, this.#read, this.#write]);
    await Promise.all(
      Array.from(sockets, (socket) => {
        const gone = once(socket, 'close');
        socket.close();
        return gone;
      }),
    );
  }
}

async function openSocket(target: Target): Promise<Socket> {
  const type: SocketType = target.family === 6 ? 'udp6' : 'udp4';
  const socket = createSocket({
    type,
    // The address is one already: answering at once spares a tick and a callback per packet.
    lookup: (address, _options, done) => done(null, address, target.family),
  });
  // Stays on: what arrives from ICMP on some systems must not end the process.
  socket.on('error', () => {});
  try {
    // Listened for before: as the lookup answers at once, the socket is bound when bind returns.
    const listening = once(socket, 'listening');
    socket.bind({ port: 0, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
