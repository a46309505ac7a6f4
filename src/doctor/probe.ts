import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import {
  type ByeMessage,
  formatControl,
  type InvMessage,
  type ParsedAck,
  parseControl,
} from '../protocol/index.ts';
import type { Address } from './address.ts';

const TRIES = 3;
const ANSWER_WITHIN_MS = 500;

/** A socket that asks a control port as a tap would. */
export class Probe implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #target: Address;

  /** `from`: the address of this machine that it sends from. Throws the system's error. */
  static async open(from: string, target: Address): Promise<Probe> {
    const socket = createSocket(isIPv6(from) ? 'udp6' : 'udp4');
    try {
      socket.bind({ address: from, port: 0, exclusive: true });
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    return new Probe(socket, target);
  }

  private constructor(socket: Socket, target: Address) {
    this.#socket = socket;
    this.#target = target;
    // A sending that fails is an answer that does not come.
    socket.on('error', () => {});
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  /** The ACK, or null where none comes, however often it is asked for. Throws the reason of `signal`. */
  async ask(message: InvMessage | ByeMessage, signal: AbortSignal): Promise<ParsedAck | null> {
    const answer = Promise.withResolvers<ParsedAck | null>();
    const onMessage = (bytes: Buffer) => {
      const ack = parseControl(bytes);
      if (ack.kind === 'ack' && ack.uuid === message.uuid) answer.resolve(ack);
    };
    const onAbort = () => answer.reject(signal.reason);
    let sent = 0;
    const trySending = () => {
      if (sent++ === TRIES) return answer.resolve(null);
      this.#socket.send(formatControl(message), this.#target.port, this.#target.address, () => {});
    };
    const timer = setInterval(trySending, ANSWER_WITHIN_MS);
    this.#socket.on('message', onMessage);
    signal.addEventListener('abort', onAbort);
    try {
      signal.throwIfAborted();
      trySending();
      return await answer.promise;
    } finally {
      clearInterval(timer);
      this.#socket.off('message', onMessage);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.close(resolve);
    await promise;
  }
}
