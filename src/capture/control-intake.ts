import {
  type ByeMessage,
  DataHeader,
  hasVerb,
  type InvMessage,
  parseControl,
  parseData,
} from '../protocol/index.ts';
import type { Peer, Peers } from './peers.ts';
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
  /** One of too many that are no message (`server.max_garbage_rate`): it was dropped. */
  limited(source: Source): void;
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
    const peer = this.#peers.received(source.address, bytes.length);
    if (!peer.isAllowed) return this.#handlers.refused(source);
    switch (parseData(bytes, this.#header)) {
      case 'data':
        return this.#handlers.data(this.#header, bytes, source, arrivalNs, lagNs);
      case 'malformed':
        return this.#malformed(peer, source, 'bad DATA header', arrivalNs);
      case 'not-data':
        break;
    }
    // Who sends too much that is nothing may send messages too: only what can't be one goes unread.
    if (!hasVerb(bytes) && peer.garbage.isSpent(arrivalNs)) return this.#handlers.limited(source);
    const message = parseControl(bytes);
    switch (message.kind) {
      case 'inv':
        return this.#handlers.inv(message, source, arrivalNs);
      case 'bye':
        beforeBye?.(message.uuid);
        return this.#handlers.bye(message, source, arrivalNs);
      case 'ack':
        return this.#malformed(peer, source, 'an ACK, which only a server sends', arrivalNs);
      case 'malformed':
        return this.#malformed(peer, source, message.reason, arrivalNs);
    }
  }

  #malformed(peer: Peer, source: Source, reason: string, arrivalNs: number): void {
    if (peer.garbage.take(arrivalNs)) this.#handlers.malformed(source, reason);
    else this.#handlers.limited(source);
  }
}
