import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Message, messagesOf } from './transcript.ts';

/** A client of the event socket that knows nothing but bytes. */
export class EventSocketClient implements Disposable {
  readonly socket: Socket;
  /** Resolves when the connection is gone, however it went. */
  readonly closed: Promise<void>;
  readonly #chunks: Buffer[] = [];
  #taken = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#chunks.push(bytes));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Connected; authenticated and subscribed as well where there are `events` (`plain CHANNEL_ANSWER`). */
  static async connect(port: number, events?: string): Promise<EventSocketClient> {
    const client = new EventSocketClient(connect(port, '127.0.0.1'));
    await client.next('auth/request');
    if (events !== undefined) {
      await client.ask('auth ClueCon');
      await client.ask(`event ${events}`);
    }
    return client;
  }

  /** Everything that has come so far. */
  get messages(): Message[] {
    return messagesOf(Buffer.concat(this.#chunks));
  }

  send(command: string): void {
    this.socket.write(`${command}\n\n`);
  }

  /** What the next message but those taken already says; those that do not have `text` are passed over. */
  async next(text = ''): Promise<string> {
    for (;;) {
      const { messages } = this;
      while (this.#taken < messages.length) {
        const { head, body } = messages[this.#taken++] as Message;
        if (`${head}\n\n${body}`.includes(text)) return `${head}\n\n${body}`;
      }
      if (this.socket.destroyed) throw new Error(`The connection ended before ${text} came.`);
      await Promise.race([once(this.socket, 'data').catch(() => {}), this.closed]);
    }
  }

  /** The next message that is no event. */
  async ask(command: string): Promise<string> {
    this.send(command);
    for (;;) {
      const message = await this.next();
      if (!message.includes('text/event')) return message;
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
