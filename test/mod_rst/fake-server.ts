import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A datagram as it came, its fields cut at the colons without the project's own parser. */
export interface Received {
  /** The port of the server that it came to. */
  at: 'control' | 'read' | 'write';
  from: number;
  verb: string;
  uuid: string;
  fields: string[];
  payload: Buffer;
  bytes: Buffer;
}

export interface FakeServerOptions {
  port?: number;
  /** What is answered to an INV; by default with ports and numbers. */
  ack?: 'ports' | 'numbered' | 'bare';
  /** True for a datagram that gets lost on its way to the server. */
  loses?: (received: Received) => boolean;
  /** True for a datagram whose answer gets lost. */
  losesAnswer?: (received: Received) => boolean;
}

/** A server of the protocol that has a bad network, and keeps all that it gets. */
export class FakeServer implements AsyncDisposable {
  readonly received: Received[] = [];
  options: FakeServerOptions;
  /** For runs that are too long to remember. */
  keepsNothing = false;
  readonly #sockets: Record<Received['at'], Socket>;
  #wake: (() => void)[] = [];

  private constructor(options: FakeServerOptions, sockets: Record<Received['at'], Socket>) {
    this.options = options;
    this.#sockets = sockets;
    for (const at of ['control', 'read', 'write'] as const)
      sockets[at].on('message', (bytes, from) => this.#take(at, bytes, from));
  }

  static async open(options: FakeServerOptions = {}): Promise<FakeServer> {
    const [control, read, write] = await Promise.all([bind(options.port ?? 0), bind(0), bind(0)]);
    return new FakeServer(options, { control, read, write });
  }

  get port(): number {
    return this.#sockets.control.address().port;
  }

  get mediaPorts(): { read: number; write: number } {
    const { read, write } = this.#sockets;
    return { read: read.address().port, write: write.address().port };
  }

  /** Of one call, by verb. */
  of(uuid: string, verb: string): Received[] {
    return this.received.filter((one) => one.uuid === uuid && one.verb === verb);
  }

  /** The packets of one leg, in the order in which they came. */
  leg(uuid: string, flag: 'R' | 'W'): Received[] {
    return this.of(uuid, 'DATA').filter(({ fields }) => fields[0] === flag);
  }

  /** Resolves once so many of them have come. */
  async have(uuid: string, verb: string, count = 1): Promise<Received[]> {
    while (this.of(uuid, verb).length < count)
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.of(uuid, verb);
  }

  say(message: string, port: number): void {
    this.#sockets.control.send(message, port, '127.0.0.1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      Object.values(this.#sockets).map(
        (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
      ),
    );
  }

  #take(at: Received['at'], bytes: Buffer, from: RemoteInfo): void {
    const one = cut(at, bytes, from.port);
    if (this.options.loses?.(one)) return;
    if (!this.keepsNothing) this.received.push(one);
    this.#answer(one);
    for (const wake of this.#wake.splice(0)) wake();
  }

  #answer(one: Received): void {
    if (this.options.losesAnswer?.(one)) return;
    if (one.verb === 'INV') this.say(this.#ackOf(one), one.from);
    if (one.verb === 'BYE') this.say(`ACK :${one.uuid}`, one.from);
  }

  #ackOf({ uuid, fields }: Received): string {
    const { ack = 'numbered' } = this.options;
    if (ack === 'bare') return `ACK :${uuid}`;
    const { read, write } = this.mediaPorts;
    const ports = `ACK :${uuid}:${read}:${write}`;
    return ack === 'numbered' && fields[4]?.includes('=') ? `${ports}:seq=1` : ports;
  }
}

function cut(at: Received['at'], bytes: Buffer, from: number): Received {
  let start = 0;
  const isData = bytes.toString('latin1', 0, 5) === 'DATA:';
  for (let colons = 0; colons < 5 && isData; colons++) start = bytes.indexOf(':', start) + 1;
  const head = isData ? bytes.subarray(0, start - 1) : bytes;
  const [verb = '', uuid = '', ...fields] = head.toString('latin1').split(':');
  return { at, from, verb: verb.trim(), uuid, fields, payload: bytes.subarray(start), bytes };
}

async function bind(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 }).bind(
    port,
    '127.0.0.1',
  );
  await once(socket, 'listening');
  return socket;
}
