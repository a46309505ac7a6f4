import { isIPv6 } from 'node:net';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';
import { errorText } from '../errors.ts';
import { type AckMessage, type ByeMessage, formatControl } from '../protocol/index.ts';
import { bindError } from './bind-error.ts';
import { bindUdp } from './bind-udp.ts';
import type { ReceiverName } from './choose-receiver.ts';
import { type ControlHandlers, ControlIntake } from './control-intake.ts';
import { DataSockets } from './data-sockets.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Libc, loadLibc } from './libc.ts';
import { Peers } from './peers.ts';
import type { Source } from './source.ts';

/** How a control port is read. */
export interface ControlReading {
  /** Of DATA; everything else comes as it arrives. */
  receiver: ReceiverName;
  /** Why it is not as wanted, in words; null where it is. */
  obstacle: string | null;
  /** What the kernel really keeps of DATA that waits, in all. */
  bufferBytes: number;
  /** Among so many sockets. */
  sockets: number;
}

/**
 * The control port: INV, BYE, and DATA of taps without ports of their own.
 *
 *     batched:                ┌─ not DATA ──► an event for each ──┐
 *         port ──► the kernel ┤                                   ├──► ControlIntake ──► handlers
 *                             └─ DATA ──► DataSockets, each 20 ms ┘
 *
 *     dgram:   port ──► an event for each datagram ──► ControlIntake ──► handlers
 */
export class ControlSocket {
  readonly #handlers: ControlHandlers;
  readonly #now: () => number;
  readonly #libc: () => Libc;
  readonly #heartbeat: Heartbeat;
  readonly #peers: Peers;
  readonly #intake: ControlIntake;
  #socket: SocketAsPromised | null = null;
  #data: DataSockets | null = null;
  #closed: Promise<void> | null = null;
  #address: Source = { address: '', port: 0 };

  constructor(
    handlers: ControlHandlers,
    now: () => number,
    peers: Peers = new Peers(),
    libc: () => Libc = loadLibc,
  ) {
    this.#handlers = handlers;
    this.#peers = peers;
    this.#intake = new ControlIntake(handlers, peers);
    this.#now = now;
    this.#libc = libc;
    this.#heartbeat = new Heartbeat(now);
  }

  /** Where it listens, once it does. */
  get address(): Source {
    return this.#address;
  }

  /**
   * `port` 0 is any free one. Throws `RST_PORT_IN_USE` or `RST_ADDRESS`; where `batched` is wanted and DATA
   * can't be told from INV and BYE, it is read by `dgram`.
   */
  async start(
    host: string,
    port: number,
    receiveBufferBytes: number,
    receiver: ReceiverName = 'dgram',
  ): Promise<ControlReading> {
    const reading = await (receiver === 'batched'
      ? this.#startBatched(host, port, receiveBufferBytes)
      : this.#startDgram(host, port, receiveBufferBytes, null));
    if (this.#closed !== null) await this.#letGo();
    return reading;
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

  /** Hands on all DATA of this UUID that the kernel holds. */
  catchUp(uuid: string): void {
    this.#data?.drainCall(uuid);
  }

  /** Resolves once all DATA that the kernel held when this was called has been handed on. */
  drain(): Promise<void> {
    return this.#data?.drain() ?? Promise.resolve();
  }

  /**
   * How many packets the kernel has had no room for where those of this UUID wait, since the start: of this
   * call, or of others that wait in the same place. 0 where nobody can tell.
   */
  overflowsBeside(uuid: string): number {
    return this.#data?.overflowsBeside(uuid) ?? 0;
  }

  close(): Promise<void> {
    this.#heartbeat.close();
    this.#closed ??= this.#letGo();
    return this.#closed;
  }

  #letGo(): Promise<void> {
    this.#data?.close();
    return this.#socket?.close() ?? Promise.resolve();
  }

  async #startBatched(
    host: string,
    port: number,
    receiveBufferBytes: number,
  ): Promise<ControlReading> {
    const libc = this.#libc();
    // Not shared as yet: a port that somebody has is refused, shared or not.
    const event = await bindUdp(libc, host, port, { receiveBufferBytes }).catch((error) => {
      throw bindError(error, host, port);
    });
    const data = new DataSockets(this.#now, this.#handlers, this.#intake, libc);
    try {
      const bufferBytes = await data.open(event, receiveBufferBytes);
      this.#data = data;
      await this.#listen(host, { fd: event.fd });
      return { receiver: 'batched', obstacle: null, bufferBytes, sockets: data.size };
    } catch (error) {
      this.#data = null;
      data.close();
      libc.close(event.fd);
      return this.#startDgram(host, port, receiveBufferBytes, errorText(error));
    }
  }

  async #startDgram(
    host: string,
    port: number,
    receiveBufferBytes: number,
    obstacle: string | null,
  ): Promise<ControlReading> {
    const socket = await this.#listen(host, { port, address: host }).catch((error) => {
      throw bindError(error, host, port);
    });
    const bufferBytes = enlargeReceiveBuffer(socket, receiveBufferBytes);
    return { receiver: 'dgram', obstacle, bufferBytes, sockets: 1 };
  }

  async #listen(
    host: string,
    to: { fd: number } | { port: number; address: string },
  ): Promise<SocketAsPromised> {
    const socket = DgramAsPromised.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    const raw = socket.socket;
    const beforeBye = (uuid: string) => this.catchUp(uuid);
    raw.on('message', (bytes, { address, port }) => {
      const arrivalNs = this.#now();
      const lagNs = this.#heartbeat.lagNs(arrivalNs);
      this.#intake.take(bytes, { address, port }, arrivalNs, lagNs, beforeBye);
    });
    try {
      const bound = await socket.bind({ ...to, exclusive: true });
      this.#address = { address: bound.address, port: bound.port };
    } catch (error) {
      raw.close();
      throw error;
    }
    // Errors of single sends come to their callbacks; what is left concerns no call.
    raw.on('error', () => {});
    this.#socket = socket;
    return socket;
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
