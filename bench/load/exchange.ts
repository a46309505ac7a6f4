import { type ParsedAck, parseControl } from '../../src/protocol/index.ts';
import { MSG_DONTWAIT, type Posix } from './posix.ts';

/** An INV or BYE to be sent on a connected socket. */
export interface Request {
  uuid: string;
  fd: number;
  datagram: Uint8Array;
}

export interface ExchangeFigures {
  seconds: number;
  /** From the INV or BYE to its ACK, sorted. */
  latenciesMs: number[];
  /** Those that had to be sent again. */
  resent: number;
}

const POLL_US = 100;
const RESEND_MS = 1000;
const GIVE_UP_MS = 10_000;

interface Waiting extends Request {
  sentMs: number;
  firstSentMs: number;
}

/**
 * Sends all requests, at most `atOnce` of them unanswered at a time, and does nothing else meanwhile.
 * Throws where one stays unanswered for 10 s.
 */
export function exchangeAll(
  posix: Posix,
  requests: readonly Request[],
  atOnce: number,
  answered: (ack: ParsedAck) => void,
): ExchangeFigures {
  const startMs = performance.now();
  const waiting = new Map<string, Waiting>();
  const latenciesMs: number[] = [];
  const answer = new Uint8Array(512);
  let resent = 0;
  let next = 0;
  const send = (request: Request) =>
    posix.send(request.fd, posix.address(request.datagram), request.datagram.length, MSG_DONTWAIT);
  while (next < requests.length || waiting.size > 0) {
    for (; next < requests.length && waiting.size < atOnce; next++) {
      const request = requests[next] as Request;
      const sentMs = performance.now();
      waiting.set(request.uuid, { ...request, sentMs, firstSentMs: sentMs });
      send(request);
    }
    let received = 0;
    for (const fd of new Set([...waiting.values()].map((one) => one.fd)))
      for (;;) {
        const sizeBytes = posix.recv(fd, answer, answer.length, MSG_DONTWAIT);
        if (sizeBytes < 0) break;
        received++;
        const ack = parseControl(answer.subarray(0, sizeBytes));
        if (ack.kind !== 'ack') continue;
        const request = waiting.get(ack.uuid);
        if (!request) continue;
        waiting.delete(ack.uuid);
        latenciesMs.push(performance.now() - request.firstSentMs);
        answered(ack);
      }
    if (received > 0) continue;
    posix.usleep(POLL_US);
    const nowMs = performance.now();
    for (const request of waiting.values()) {
      if (nowMs - request.firstSentMs > GIVE_UP_MS)
        throw new Error(`no answer within 10 s to ${Buffer.from(request.datagram).toString()}`);
      if (nowMs - request.sentMs < RESEND_MS) continue;
      request.sentMs = nowMs;
      resent++;
      send(request);
    }
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, latenciesMs: latenciesMs.sort((a, b) => a - b), resent };
}
