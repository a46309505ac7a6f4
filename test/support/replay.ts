import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { CaptureFile } from './capture-file.ts';

export interface Replayed {
  /** What the server answered. */
  acks: string[];
  /**
   * How late a datagram left at the worst, on a machine that has other things to do, and in addition how
   * late the INV may have been read, where the tracks begin: its ACK was here by then.
   */
  worstLateMs: number;
}

/**
 * Plays a recorded call into a server at the pace it was recorded, from one socket per recorded
 * sender, and sends the legs where the server's ACK says. Resolves once the BYE, where there is one, is
 * answered.
 */
export async function replay(capture: CaptureFile, controlPort: number): Promise<Replayed> {
  const sockets = new Map<number, Socket>();
  const acks: string[] = [];
  const ports = { control: controlPort, read: 0, write: 0 };
  const invAnswered = Promise.withResolvers<void>();
  const byeAnswered = Promise.withResolvers<void>();
  let bye = false;
  let startedMs = 0;
  let answeredMs: number | undefined;
  const onAck = (bytes: Buffer) => {
    const ack = bytes.toString('latin1');
    const [, , read, write] = ack.split(':');
    if (ports.read === 0 && read && write) Object.assign(ports, { read: +read, write: +write });
    acks.push(ack);
    answeredMs ??= performance.now() - startedMs;
    invAnswered.resolve();
    if (bye) byeAnswered.resolve();
  };
  for (const { fromPort } of capture.datagrams) {
    if (sockets.has(fromPort)) continue;
    const socket = createSocket('udp4').on('message', onAck).bind(0, '127.0.0.1');
    await once(socket, 'listening');
    sockets.set(fromPort, socket);
  }
  let worstLateMs = 0;
  startedMs = performance.now();
  for (const { atMs, to, fromPort, bytes } of capture.datagrams) {
    if (to !== 'control') await invAnswered.promise;
    const waitMs = startedMs + atMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    worstLateMs = Math.max(worstLateMs, performance.now() - startedMs - atMs);
    bye ||= bytes.toString('latin1', 0, 4) === 'BYE ';
    const socket = sockets.get(fromPort) as Socket;
    await new Promise((resolve) => socket.send(bytes, ports[to], '127.0.0.1', resolve));
  }
  if (bye) await byeAnswered.promise;
  for (const socket of sockets.values()) await new Promise<void>((done) => socket.close(done));
  const invMs = capture.datagrams[0]?.atMs ?? 0;
  return { acks, worstLateMs: worstLateMs + Math.max(0, (answeredMs ?? invMs) - invMs) };
}
