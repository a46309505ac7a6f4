import { isIPv6 } from 'node:net';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';
import { errorText, RstError, systemCode } from '../errors.ts';
import {
  type AckMessage,
  type ByeMessage,
  DataHeader,
  formatControl,
  type InvMessage,
  parseControl,
  parseData,
} from '../protocol/index.ts';
import { AllowList } from './allow-list.ts';
import { Heartbeat } from './heartbeat.ts';
import { Peers } from './peers.ts';

export interface Source {
  address: string;
  port: number;
}

/** What comes to the control port, already parsed. Handlers must not throw. */
export interface ControlHandlers {
  inv(message: InvMessage, source: Source, arrivalNs: number): void;
  bye(message: ByeMessage, source: Source, arrivalNs: number): void;
  /** `header` and `bytes` are good during the call only. */
  data(
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void;
  malformed(source: Source, reason: string): void;
  /** Something came from outside of `server.allow`; nobody has looked at it. */
  refused(source: Source): void;
}

/** What is allowed where nobody says otherwise: this machine. */
const LOOPBACK = ['127.0.0.0/8', '::1'];

/** The control port: INV, BYE, and DATA of taps without ports of their own. */
export class ControlSocket {
  readonly #handlers: ControlHandlers;
  readonly #now: () => number;
  readonly #header = new DataHeader();
  readonly #heartbeat: Heartbeat;
  readonly #peers: Peers;
  #socket: SocketAsPromised | null = null;
  #closed: Promise<void> | null = null;
  #address: Source = { address: '', port: 0 };

  constructor(
    handlers: ControlHandlers,
    now: () => number,
    allow: AllowList = new AllowList(LOOPBACK),
  ) {
    this.#handlers = handlers;
    this.#peers = new Peers(allow);
    this.#now = now;
    this.#heartbeat = new Heartbeat(now);
  }

  /** Where it listens, once it does. */
  get address(): Source {
    return this.#address;
  }

  /** Throws `RST_PORT_IN_USE` or `RST_ADDRESS`. Returns the bytes the kernel really keeps for it. */
  async start(host: string, port: number, receiveBufferBytes: number): Promise<number> {
    const socket = DgramAsPromised.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const raw = socket.socket;
    raw.on('message', (bytes, { address, port }) => {
      this.#receive(bytes, { address, port });
    });
    try {
      const bound = await socket.bind({ port, address: host, exclusive: true });
      this.#address = { address: bound.address, port: bound.port };
    } catch (error) {
      raw.close();
      throw bindError(error, host, port);
    }
    // Errors of single sends come to their callbacks; what is left concerns no call.
    raw.on('error', () => {});
    this.#socket = socket;
    if (this.#closed !== null) await socket.close();
    return enlargeReceiveBuffer(socket, receiveBufferBytes);
  }

  /**
   * Sends an answer that the receiver's own datagrams pay for, and nothing where they do not: who has
   * sent less may be forged. `isPaid`: they came to other ports.
   */
  send(message: AckMessage | ByeMessage, to: Source, isPaid = false): void {
    // Only a forged datagram comes from port 0, and node throws over sending there.
    if (to.port === 0) return;
    if (this.#closed !== null) return;
    const datagram = formatControl(message);
    if (!isPaid && !this.#peers.pay(to.address, datagram.length)) return;
    this.#socket?.socket.send(datagram, to.port, to.address, () => {});
  }

  close(): Promise<void> {
    this.#heartbeat.close();
    this.#closed ??= this.#socket?.close() ?? Promise.resolve();
    return this.#closed;
  }

  #receive(bytes: Uint8Array, from: Source): void {
    if (!this.#peers.received(from.address, bytes.length).isAllowed)
      return this.#handlers.refused(from);
    const arrivalNs = this.#now();
    switch (parseData(bytes, this.#header)) {
      case 'data':
        return this.#handlers.data(
          this.#header,
          bytes,
          from,
          arrivalNs,
          this.#heartbeat.lagNs(arrivalNs),
        );
      case 'malformed':
        return this.#handlers.malformed(from, 'bad DATA header');
      case 'not-data':
        break;
    }
    const message = parseControl(bytes);
    switch (message.kind) {
      case 'inv':
        return this.#handlers.inv(message, from, arrivalNs);
      case 'bye':
        return this.#handlers.bye(message, from, arrivalNs);
      case 'ack':
        return this.#handlers.malformed(from, 'an ACK, which only a server sends');
      case 'malformed':
        return this.#handlers.malformed(from, message.reason);
    }
  }
}

/** The kernel takes as much of it as `net.core.rmem_max` allows and answers with twice that, its own overhead included. */
function enlargeReceiveBuffer(socket: SocketAsPromised, wantedBytes: number): number {
  try {
    socket.setRecvBufferSize(wantedBytes);
  } catch {
    // Some systems refuse what is too much instead of giving less.
  }
  const gotBytes = socket.getRecvBufferSize();
  return process.platform === 'linux' ? gotBytes / 2 : gotBytes;
}

function bindError(error: unknown, host: string, port: number): RstError {
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new RstError(
        'RST_PORT_IN_USE',
        `control port ${place} is in use by another process; stop that one or choose another server.port`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new RstError(
        'RST_ADDRESS',
        `server.host ${host} is no address of this machine; use 0.0.0.0 for all of them`,
        { cause: error },
      );
    case 'EACCES':
      return new RstError(
        'RST_PORT_IN_USE',
        `control port ${place} needs more rights than this user has; choose a server.port above 1023`,
        { cause: error },
      );
    default:
      return new RstError('RST_ADDRESS', `control port ${place}: ${errorText(error)}`, {
        cause: error,
      });
  }
}
