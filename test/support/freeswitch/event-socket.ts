import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { runApi } from './apis.ts';
import type { FakeCore } from './fake-core.ts';
import type { Faults } from './faults.ts';
import { Listener, type ListenerWorld, SHUTTING_DOWN } from './listener.ts';
import type { Received } from './options.ts';

export interface EventSocketOptions {
  password: string;
  users: Record<string, string>;
  faults: Faults;
  /** Called after each command, connection and end of one. */
  onChange: () => void;
}

/** The TCP side of a fake: its connections, over all restarts. */
export class EventSocket {
  readonly listeners = new Set<Listener>();
  readonly commands: Received[] = [];
  readonly #options: EventSocketOptions;
  #server: Server | undefined;
  #connectionCount = 0;
  #flow: 'flowing' | 'frozen' = 'flowing';

  constructor(options: EventSocketOptions) {
    this.#options = options;
  }

  /** Listens on a port of 127.0.0.1, 0 for one that is free, and tells which. */
  async start(port: number, core: FakeCore): Promise<number> {
    this.#flow = 'flowing';
    const server = createServer((socket) => this.#accept(socket, core));
    this.#server = server;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : port;
  }

  /** Ends every connection, with a notice where it says one, and listens no more. */
  async stop(kind: 'notice' | 'silent'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && once(server, 'close');
    server?.close();
    // What is frozen would keep its notice for ever.
    if (kind === 'notice' && this.#flow === 'flowing') this.leave();
    else for (const { socket } of this.listeners) socket.destroy();
    await closed;
  }

  leave(): void {
    for (const listener of this.listeners) listener.leave(SHUTTING_DOWN);
  }

  reset(): void {
    for (const { socket } of this.listeners) socket.resetAndDestroy();
  }

  freeze(): void {
    this.#flow = 'frozen';
    for (const listener of this.listeners) listener.freeze();
  }

  thaw(): void {
    this.#flow = 'flowing';
    for (const listener of this.listeners) listener.thaw();
  }

  #accept(socket: Socket, core: FakeCore): void {
    const { onChange } = this.#options;
    const isFrozen = this.#flow === 'frozen';
    const listener = new Listener(++this.#connectionCount, socket, this.#world(core), isFrozen);
    this.listeners.add(listener);
    core.listeners.add(listener);
    onChange();
    socket.on('close', () => {
      this.listeners.delete(listener);
      core.listeners.delete(listener);
      onChange();
    });
  }

  #world(core: FakeCore): ListenerWorld {
    const { password, users, faults, onChange } = this.#options;
    return {
      faults,
      isRight: (given, user) => given === (user === undefined ? password : users[user]),
      runApi: (name, argument) => runApi(name, argument, core),
      emit: (name, place, fields, body) => core.emit(name, place, fields, body),
      onCommand: ({ id }, { text }) => {
        this.commands.push({ connection: id, text });
        // Behind the command's own work: who waits for it finds it done.
        queueMicrotask(onChange);
      },
    };
  }
}
