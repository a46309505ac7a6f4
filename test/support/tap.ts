import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatControl, formatData, type LegName } from '../../src/protocol/index.ts';

/** One packet of 20 ms PCMU, every byte `code`. */
export function ulawPacket(code = 0x2a): Uint8Array {
  return new Uint8Array(160).fill(code);
}

/** A tap driven by hand: one socket, and every datagram that comes back. */
export class Tap implements AsyncDisposable {
  readonly received: string[] = [];
  readonly #socket: Socket;
  readonly #controlPort: number;
  #wake: (() => void)[] = [];

  private constructor(socket: Socket, controlPort: number) {
    this.#socket = socket;
    this.#controlPort = controlPort;
    socket.on('message', (bytes) => {
      this.received.push(bytes.toString('latin1'));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  static async open(controlPort: number, address = '127.0.0.1'): Promise<Tap> {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    return new Tap(socket, controlPort);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** The first datagram from the server, come or to come, behind the first `skip`, that starts so. */
  async answer(start: string, skip = 0): Promise<string> {
    for (;;) {
      const found = this.received.slice(skip).find((text) => text.startsWith(start));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  send(bytes: Uint8Array | string, port = this.#controlPort): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
  }

  /** INV in port form, or in the old form where `ports` is false; returns the ports of the ACK. */
  async invite(uuid: string, ports = true): Promise<{ readPort: number; writePort: number }> {
    const skip = this.received.length;
    const own = ports ? { readPort: this.port, writePort: this.port } : null;
    await this.send(formatControl({ kind: 'inv', uuid, caller: '100', callee: '200', ports: own }));
    const [, , read, write] = (await this.answer(`ACK :${uuid}`, skip)).split(':');
    return { readPort: Number(read), writePort: Number(write) };
  }

  data(uuid: string, leg: LegName, payload: Uint8Array, port?: number): Promise<void> {
    return this.send(formatData(uuid, leg, 0, payload), port);
  }

  async bye(uuid: string): Promise<void> {
    const skip = this.received.length;
    await this.send(formatControl({ kind: 'bye', uuid }));
    await this.answer(`ACK :${uuid}`, skip);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}
