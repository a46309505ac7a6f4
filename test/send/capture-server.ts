import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  type ByeMessage,
  DataHeader,
  formatControl,
  type LegName,
  type ParsedInv,
  type PortPair,
  parseControl,
  parseData,
  uuidOf,
} from '../../src/protocol/index.ts';

export interface Arrival {
  to: 'control' | 'read' | 'write';
  fromPort: number;
  /** On the clock of `performance.now()`. */
  atMs: number;
  uuid: string;
  leg: LegName;
  payloadType: number;
  lengthField: string;
  /** Both -1 where LENGTH is all there is. */
  seq: number;
  ts: number;
  payload: Buffer;
}

export interface CaptureBehaviour {
  /** The first so many INVs go unanswered. */
  deafInvs?: number;
  /** Answers with a bare ACK. */
  bare?: boolean;
  /** Accepts numbered packets where they are offered. */
  acceptSeq?: boolean;
  /** Answers an INV so much later. */
  ackAfterMs?: number;
  /** Never answers a BYE. */
  deafByes?: boolean;
  /** Ports to name in the ACK instead of its own. */
  ackPorts?: PortPair;
  /** Where it listens, 127.0.0.1 by default. */
  address?: '127.0.0.1' | '::1';
}

type Heard = { message: ParsedInv | ByeMessage; fromPort: number; atMs: number };

/** A capture server of the smallest kind: answers INV and BYE, and keeps everything that arrives. */
export class CaptureServer {
  readonly heard: Heard[] = [];
  readonly data: Arrival[] = [];
  /** ACKs that came to the control port. */
  readonly acks: string[] = [];
  readonly #sockets: { control: Socket; read: Socket; write: Socket };
  readonly #behaviour: CaptureBehaviour;
  readonly #waiting = new Set<() => void>();

  static async open(behaviour: CaptureBehaviour = {}): Promise<CaptureServer> {
    const sockets = await Promise.all([0, 1, 2].map(() => bind(behaviour.address)));
    const [control, read, write] = sockets as [Socket, Socket, Socket];
    return new CaptureServer({ control, read, write }, behaviour);
  }

  private constructor(
    sockets: { control: Socket; read: Socket; write: Socket },
    behaviour: CaptureBehaviour,
  ) {
    this.#sockets = sockets;
    this.#behaviour = behaviour;
    for (const name of ['control', 'read', 'write'] as const)
      sockets[name].on('message', (bytes, from) => this.#receive(name, bytes, from.port));
  }

  get port(): number {
    return this.#sockets.control.address().port;
  }

  get ports(): PortPair {
    const { read, write } = this.#sockets;
    return { readPort: read.address().port, writePort: write.address().port };
  }

  invs(): ParsedInv[] {
    return this.heard.flatMap(({ message }) => (message.kind === 'inv' ? [message] : []));
  }

  byes(): ByeMessage[] {
    return this.heard.flatMap(({ message }) => (message.kind === 'bye' ? [message] : []));
  }

  /** One leg's arrivals, of one call where it is named. */
  leg(leg: LegName, uuid?: string): Arrival[] {
    return this.data.filter((packet) => packet.leg === leg && (!uuid || packet.uuid === uuid));
  }

  /** All payload of a leg in the order of arrival. */
  audio(leg: LegName, uuid?: string): Buffer {
    return Buffer.concat(this.leg(leg, uuid).map(({ payload }) => payload));
  }

  /** Sends a BYE of its own to everybody who sent an INV. */
  hangUp(uuid: string): void {
    const bye = formatControl({ kind: 'bye', uuid });
    for (const { message, fromPort } of this.heard)
      if (message.kind === 'inv') this.#reply(bye, fromPort);
  }

  /** Resolves as soon as `isDone` says so; it is asked after every datagram. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (isDone()) resolve();
    };
    this.#waiting.add(check);
    await promise;
    this.#waiting.delete(check);
  }

  async close(): Promise<void> {
    await Promise.all(
      Object.values(this.#sockets).map((socket) => {
        const closed = once(socket, 'close');
        socket.close();
        return closed;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(to: Arrival['to'], bytes: Buffer, fromPort: number): void {
    const atMs = performance.now();
    const header = new DataHeader();
    if (parseData(bytes, header) === 'data') {
      const payload = bytes.subarray(header.payloadStart);
      const lengthField = bytes
        .toString('latin1', 0, header.payloadStart - 1)
        .split(':')
        .at(-1);
      const { leg, payloadType, seq, ts } = header;
      const uuid = uuidOf(bytes, header);
      const arrival = { to, fromPort, atMs, uuid, leg, payloadType, seq, ts, payload };
      this.data.push({ ...arrival, lengthField: lengthField as string });
    } else this.#control(bytes, fromPort, atMs);
    for (const check of this.#waiting) check();
  }

  #control(bytes: Buffer, fromPort: number, atMs: number): void {
    const message = parseControl(bytes);
    if (message.kind === 'malformed') throw new Error(`malformed: ${bytes.toString('latin1')}`);
    if (message.kind === 'ack') {
      this.acks.push(message.uuid);
      return;
    }
    this.heard.push({ message, fromPort, atMs });
    const { deafInvs = 0, bare, deafByes, ackPorts, acceptSeq, ackAfterMs } = this.#behaviour;
    const isInv = message.kind === 'inv';
    if (isInv ? this.invs().length <= deafInvs : deafByes) return;
    const ports = isInv && message.ports && !bare ? (ackPorts ?? this.ports) : null;
    const seq = acceptSeq === true && isInv && message.extension?.seq === true;
    const ack = formatControl({ kind: 'ack', uuid: message.uuid, ports, seq });
    if (isInv && ackAfterMs) setTimeout(() => this.#reply(ack, fromPort), ackAfterMs);
    else this.#reply(ack, fromPort);
  }

  #reply(datagram: Buffer, port: number): void {
    this.#sockets.control.send(datagram, port, this.#behaviour.address ?? '127.0.0.1');
  }
}

async function bind(address = '127.0.0.1'): Promise<Socket> {
  const type = address === '::1' ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: 4 << 20 });
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** A UDP port of 127.0.0.1 on which nothing listens. */
export async function refusedPort(): Promise<number> {
  const socket = await bind();
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
