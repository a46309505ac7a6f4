import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Transcript } from './transcript.ts';

export interface Play {
  /** Cuts what is sent into pieces of so many bytes, each written by itself. Default: one piece. */
  pieceBytes?: number | undefined;
  /** What happens when all is sent; default: the server closes, as after every recorded `exit`. */
  atEnd?: 'close' | 'stay';
}

/**
 * Plays a recorded connection to each client: it sends what was sent up to a command, waits for one
 * command of the client, goes on. Job-UUIDs of the recording become those that the client gave.
 */
export class TranscriptServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What clients sent, without the line ends behind it. */
  readonly commands: string[] = [];
  /** How many clients have come. */
  accepted = 0;

  private constructor(transcript: Transcript | null, play: Play) {
    this.#server = createServer((socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      if (transcript === null) socket.resume();
      else void this.#play(socket, transcript, play);
    });
  }

  /** `null`: a server that says nothing at all. */
  static async open(transcript: Transcript | null, play: Play = {}): Promise<TranscriptServer> {
    const server = new TranscriptServer(transcript, play);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #play(socket: Socket, { server, commands }: Transcript, play: Play): Promise<void> {
    let bytes = server;
    let sent = 0;
    const received = commandsOf(socket);
    const jobs = [...server.toString('latin1').matchAll(/^Reply-Text: \+OK Job-UUID: (.*)$/gm)].map(
      ([, jobId]) => jobId as string,
    );
    const sendUpTo = async (end: number) => {
      const step = play.pieceBytes ?? end - sent;
      for (; sent < end; sent = Math.min(end, sent + step))
        if (!socket.write(bytes.subarray(sent, Math.min(end, sent + step))))
          await once(socket, 'drain');
    };
    try {
      for (const { afterBytes, text } of commands) {
        await sendUpTo(afterBytes);
        const { value: command } = await received.next();
        if (command === undefined) return;
        this.commands.push(command);
        const jobId = /^Job-UUID: (.*)$/m.exec(command)?.[1];
        const recordedId = text.startsWith('bgapi') ? jobs.shift() : undefined;
        if (jobId && recordedId)
          bytes = Buffer.from(bytes.toString('latin1').replaceAll(recordedId, jobId), 'latin1');
      }
      await sendUpTo(bytes.length);
    } catch {
      // The client has gone.
      return;
    }
    if (play.atEnd !== 'stay') socket.end();
    for await (const command of received) this.commands.push(command);
  }
}

/** Each command ends with an empty line. */
async function* commandsOf(socket: Socket): AsyncGenerator<string, undefined> {
  let text = '';
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      text += (bytes as Buffer).toString('utf8');
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 2);
      }
    }
  } catch {
    // The client has gone.
  }
}
