import type { Socket } from 'node:net';
import modesl from 'modesl';
import { EslEvent } from './event.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { decodeText } from './text-bytes.ts';

const EMPTY = Buffer.alloc(0);
/** A dead peer is noticed about ten seconds after this, should nothing else notice it. */
const KEEP_ALIVE_DELAY_MS = 30_000;

export interface Reply {
  contentType: string;
  /** Of `command/reply`. */
  text: string;
  /** Of `api/response`. */
  body: Uint8Array;
}

/** What happens on a connection. None of these may throw. */
export interface ConnectionHandlers {
  connected(socket: Socket): void;
  authRequested(): void;
  event(event: EslEvent): void;
  /** The server says that, and usually why, it is about to close. */
  notice(kind: 'disconnect' | 'rejection', text: string): void;
  malformed(reason: string): void;
  /** The socket is gone, and nothing comes after this; `error` where the system reported one. */
  closed(error: Error | null): void;
}

/**
 * modesl's connection, with what must not be left to modesl:
 *
 * - Its parser recurses once a message (some thousand small ones in one piece overflow the stack), joins
 *   everything that waits with every piece that comes, throws over a `%` in a reply and decodes all
 *   headers of every event. Here `FrameReader` cuts messages and `EslEvent` decodes what is asked for.
 * - It matches `api` replies and command replies in two queues, and one `api` command that is refused, which
 *   is a command reply, shifts one of them for ever. FreeSWITCH answers in order: here both use one queue.
 * - After the password it subscribes to JSON events, which lose names that are no UTF-8.
 * - Small writes wait for each other, dead peers are not noticed, and a reset connection never ends.
 */
export class EslConnection extends modesl.Connection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #frames = new FrameReader();
  /** Reading goes on then. */
  #resume: NodeJS.Immediate | null = null;
  #error: Error | null = null;

  /** Connects at once. Throws what `net.connect` throws over a port that is none. */
  constructor(host: string, port: number, handlers: ConnectionHandlers) {
    super(host, port, '');
    this.#handlers = handlers;
    this.#socket = this.socket as Socket;
    this.#socket.once('close', () => this.#close());
    this.on('error', (error) => {
      this.#error ??= error;
    });
    this.on('esl::event::api::response', (...reply) =>
      this.emit('esl::event::command::reply', ...reply),
    );
  }

  /** Sends `command`, one line, and `headers` below it. A connection that ends never calls back. */
  request(
    command: string,
    headers: Record<string, string> | null,
    onReply: (reply: Reply) => void,
  ): void {
    this.sendRecv(command, headers, (_event, { 'Content-Type': contentType = '', ...rest }, body) =>
      onReply({
        contentType,
        text: rest['Reply-Text'] ?? '',
        body: body instanceof Uint8Array ? body : EMPTY,
      }),
    );
  }

  destroy(): void {
    this.#socket.destroy();
  }

  override send(command: string, headers: Record<string, string> | null = null): void {
    // The other side has ended the connection, and its `close` comes next.
    if (this.socket === null) return;
    // modesl writes line by line.
    this.#socket.cork();
    super.send(command, headers);
    this.#socket.uncork();
  }

  override auth(): void {
    this.#handlers.authRequested();
  }

  override _onConnect(): void {
    super._onConnect();
    this.parser._parseHeaders = () => {
      const bytes = this.parser.buffer;
      this.parser.buffer = EMPTY;
      this.#frames.push(bytes);
      if (this.#resume === null) this.#read('with pauses');
    };
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    this.#handlers.connected(this.#socket);
  }

  /**
   * Hands out what is there. It pauses after each reply, so that who awaits one goes on before the events
   * that came after it: else a call that `show channels` still names might end before anybody knows it.
   */
  #read(way: 'with pauses' | 'to the end'): void {
    this.#resume = null;
    for (;;) {
      const frame = this.#frames.next();
      switch (frame.kind) {
        case 'incomplete':
          return;
        case 'malformed':
          return this.#handlers.malformed(frame.reason);
        case 'frame':
          if (this.#dispatch(frame) === 'event' || way === 'to the end') break;
          this.#resume = setImmediate(() => this.#read('with pauses'));
          return;
      }
    }
  }

  #dispatch({ contentType, replyText, body }: Frame): 'event' | 'reply' {
    switch (contentType) {
      case 'auth/request':
      case 'command/reply':
      case 'api/response': {
        const headers = { 'Content-Type': contentType, 'Reply-Text': replyText };
        this.parser.emit('esl::event', new modesl.Event(headers), headers, body);
        return 'reply';
      }
      case 'text/event-plain':
        this.#handlers.event(EslEvent.parse(body));
        break;
      case 'text/disconnect-notice':
        this.#handlers.notice('disconnect', decodeText(body));
        break;
      case 'text/rude-rejection':
        this.#handlers.notice('rejection', decodeText(body));
        break;
    }
    return 'event';
  }

  #close(): void {
    if (this.#resume !== null) {
      clearImmediate(this.#resume);
      this.#read('to the end');
    }
    this.#handlers.closed(this.#error);
  }
}
