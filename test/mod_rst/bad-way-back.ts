import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A way to a server's control port, for one tap, on which what the server says can get lost. */
export class BadWayBack implements AsyncDisposable {
  /** What got lost, by its text. */
  readonly lost: string[] = [];
  readonly #near: Socket;
  readonly #far: Socket;
  #tapPort = 0;

  private constructor(
    near: Socket,
    far: Socket,
    serverPort: number,
    loses: (text: string) => boolean,
  ) {
    this.#near = near;
    this.#far = far;
    near.on('message', (bytes, { port }) => {
      this.#tapPort = port;
      far.send(bytes, serverPort, '127.0.0.1');
    });
    far.on('message', (bytes) => {
      const text = bytes.toString();
      if (loses(text)) this.lost.push(text);
      else near.send(bytes, this.#tapPort, '127.0.0.1');
    });
  }

  /** `loses`: true for a message of the server that does not arrive. */
  static async open(serverPort: number, loses: (text: string) => boolean): Promise<BadWayBack> {
    const [near, far] = await Promise.all([bind(), bind()]);
    return new BadWayBack(near, far, serverPort, loses);
  }

  /** The port that the tap takes for the server's. */
  get port(): number {
    return this.#near.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [this.#near, this.#far];
    await Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  }
}

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
