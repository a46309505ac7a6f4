import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

const HOST = '127.0.0.1';
const GREETING = 'Content-Type: auth/request\n\n';

/** A server made of what it answers to commands; it has greeted, and takes any password. */
export async function serve(
  t: TestContext,
  answer: (socket: Socket, command: string) => void,
  greeting = GREETING,
) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.setNoDelay(true);
    if (greeting) socket.write(greeting);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const command = text.slice(0, end);
        text = text.slice(end + 2);
        if (command.startsWith('auth ')) socket.write(commandReply('+OK accepted'));
        else answer(socket, command);
      }
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

export function apiReply(body: string): string {
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

export function commandReply(text: string): string {
  return `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
}

export function plainEvent(...lines: string[]): string {
  const body = `${lines.join('\n')}\n\n`;
  return `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A port whose listener lets nobody in: once its queue is full the kernel answers no further client. */
export async function fullPort(t: TestContext): Promise<number> {
  const listener = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '${HOST}', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const [port] = await once(listener, 'message');
  const queue = [1, 2].map(() => connect(port, HOST));
  await Promise.all(queue.map((socket) => once(socket, 'connect')));
  t.after(async () => {
    for (const socket of queue) socket.destroy();
    await Promise.all(queue.map((socket) => once(socket, 'close')));
    await listener.terminate();
  });
  return port;
}
