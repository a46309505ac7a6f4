import {
  type ByeMessage,
  DataHeader,
  type InvMessage,
  parseControl,
  parseData,
} from '../protocol/index.ts';
import type { Peers } from './peers.ts';
import type { Source } from './source.ts';

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
  /** So much DATA was lost because the kernel had no room for it, where the system tells. */
  overflowed(packets: number): void;
}

/** Looks at each datagram of the control port, from whichever of its sockets, and hands it on. */
export class ControlIntake {
  readonly #handlers: ControlHandlers;
  readonly #peers: Peers;
  readonly #header = new DataHeader();

  constructor(handlers: ControlHandlers, peers: Peers) {
    this.#handlers = handlers;
    this.#peers = peers;
  }

  /** `beforeBye` is called with the UUID of a BYE before that is handed on. */
  take(
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
    beforeBye: ((uuid: string) => void) | null = null,
  ): void {
    if (!this.#peers.received(source.address, bytes.length).isAllowed)
      return this.#handlers.refused(source);
    switch (parseData(bytes, this.#header)) {
      case 'data':
        return this.#handlers.data(this.#header, bytes, source, arrivalNs, lagNs);
      case 'malformed':
        return this.#handlers.malformed(source, 'bad DATA header');
      case 'not-data':
        break;
    }
    const message = parseControl(bytes);
    switch (message.kind) {
      case 'inv':
        return this.#handlers.inv(message, source, arrivalNs);
      case 'bye':
        beforeBye?.(message.uuid);
        return this.#handlers.bye(message, source, arrivalNs);
      case 'ack':
        return this.#handlers.malformed(source, 'an ACK, which only a server sends');
      case 'malformed':
        return this.#handlers.malformed(source, message.reason);
    }
  }
}
