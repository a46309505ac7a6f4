/** What is used of modesl 1.2.1, which comes without types. Names that start with `_` are its own insides. */
declare module 'modesl' {
  import type { Socket } from 'node:net';

  /** What modesl hands a listener: its event, the message's headers, the body if there is one. */
  type Reply = (event: modesl.Event, headers: Record<string, string>, body?: unknown) => void;

  namespace modesl {
    class Event {
      constructor(headers: Record<string, string>, body?: string);
    }

    class Parser {
      /** Bytes that are not parsed; `_onData` appends to it and calls `_parseHeaders`. */
      buffer: Buffer;
      _parseHeaders(): void;
      emit(event: 'esl::event', ...args: Parameters<Reply>): boolean;
    }

    class Connection {
      /** Connects at once; calls `_onConnect` when that is done. */
      constructor(host: string, port: number, password: string);
      /** `null` from the moment on when the other side has ended the connection. */
      socket: Socket | null;
      parser: Parser;
      /** Sends a command and calls back with the first reply that no earlier command waits for. */
      sendRecv(command: string, args: Record<string, string> | null, reply: Reply): void;
      send(command: string, args?: Record<string, string> | null): void;
      /** Says `exit` and ends our side of the connection. */
      disconnect(): void;
      /** Called when the server asks for it. */
      auth(): void;
      on(event: 'error', listener: (error: Error) => void): this;
      on(event: 'esl::event::api::response', listener: Reply): this;
      emit(event: 'esl::event::command::reply', ...args: Parameters<Reply>): boolean;
      removeAllListeners(): this;
      _onConnect(): void;
    }
  }

  const modesl: {
    Connection: typeof modesl.Connection;
    Event: typeof modesl.Event;
  };
  export default modesl;
}
