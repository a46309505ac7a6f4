import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Channel, Channels } from '../../src/call/index.ts';
import type { Captures } from '../../src/esl/index.ts';
import {
  DataHeader,
  formatControl,
  parseControl,
  parseData,
  uuidOf,
} from '../../src/protocol/index.ts';

const DATA_TO_BEGIN = 3;

/** Calls of the smallest kind: what INV, DATA and BYE on a UDP socket say of them. */
export class FakeCaptures implements Captures, AsyncDisposable {
  readonly hungUps: Channel[] = [];
  readonly failures: { channel: Channel; reason: string }[] = [];
  /** Every INV. */
  readonly invs: string[] = [];
  /** How the calls of these UUIDs began, one a line; twice where two taps were taken. */
  readonly begun: string[] = [];
  /** Called after everything that somebody may wait for. */
  onChange: () => void = () => {};
  onBegan: (uuid: string) => void = () => {};
  readonly #channels: Channels;
  readonly #live = new Set<string>();
  readonly #heard = new Map<string, number>();
  /** Whatever their taps send, until one says INV. */
  readonly #stopped = new Set<string>();
  readonly #socket = createSocket('udp4');
  readonly #header = new DataHeader();

  constructor(channels: Channels) {
    this.#channels = channels;
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#receive(bytes, (reply) => this.#socket.send(reply, port, address));
      this.onChange();
    });
  }

  async open(): Promise<void> {
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get live(): string[] {
    return [...this.#live];
  }

  stateOf(uuid: string): 'live' | 'heard' | 'none' {
    if (this.#has(this.#live, uuid)) return 'live';
    return this.#has(this.#heard, uuid) ? 'heard' : 'none';
  }

  hungUp(channel: Channel): void {
    this.hungUps.push(channel);
    this.onChange();
  }

  notTapped(channel: Channel, reason: string): void {
    this.failures.push({ channel, reason });
    this.onChange();
  }

  stop(uuid: string): boolean {
    this.#stopped.add(uuid);
    return this.end(uuid);
  }

  /** The call is over, whatever its tap does. */
  end(uuid: string): boolean {
    this.#heard.delete(uuid);
    return this.#live.delete(uuid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  /** The UUID of a tap stays what it was when it began. */
  #has(uuids: { has(uuid: string): boolean; keys(): Iterable<string> }, uuid: string): boolean {
    if (uuids.has(uuid)) return true;
    const channel = this.#channels.get(uuid);
    if (!channel) return false;
    for (const other of uuids.keys()) if (this.#channels.get(other) === channel) return true;
    return false;
  }

  #receive(bytes: Buffer, reply: (bytes: Uint8Array) => void): void {
    if (parseData(bytes, this.#header) === 'data') {
      const uuid = uuidOf(bytes, this.#header);
      if (this.#live.has(uuid) || this.#stopped.has(uuid)) return;
      const count = (this.#heard.get(uuid) ?? 0) + 1;
      this.#heard.set(uuid, count);
      if (count === DATA_TO_BEGIN) this.#begin(uuid);
      return;
    }
    const message = parseControl(bytes);
    switch (message.kind) {
      case 'inv':
        this.invs.push(message.uuid);
        this.#stopped.delete(message.uuid);
        reply(formatControl({ kind: 'ack', uuid: message.uuid, ports: null }));
        if (!this.#live.has(message.uuid)) this.#begin(message.uuid);
        break;
      case 'bye':
        this.end(message.uuid);
        reply(formatControl({ kind: 'ack', uuid: message.uuid, ports: null }));
        break;
      case 'ack':
      case 'malformed':
        break;
    }
  }

  #begin(uuid: string): void {
    this.#heard.delete(uuid);
    this.#live.add(uuid);
    this.begun.push(uuid);
    this.onBegan(uuid);
  }
}
