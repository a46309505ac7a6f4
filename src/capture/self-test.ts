import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { BatchedReceiver } from './batched-receiver.ts';
import type { Datagram } from './receiver.ts';

const HOST = '127.0.0.1';
const TEXT = 'batched receiver: self-test';
const WITHIN_MS = 2000;

/** Sends a datagram to itself through a `BatchedReceiver`; rejects with what is wrong with it, a part of a sentence. */
export async function selfTest(now: () => number): Promise<void> {
  const receiver = openReceiver(now);
  const sender = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<Datagram | null>();
  const timer = setTimeout(() => resolve(null), WITHIN_MS);
  try {
    const bound = await receiver.bind(HOST, 0, (datagram) => {
      resolve(datagram.copy());
    });
    try {
      sender.bind(0, HOST);
      await once(sender, 'listening');
      const sentNs = now();
      sender.send(TEXT, bound.port, HOST);
      const problem = problemWith(await promise, sender.address().port, sentNs, now());
      if (problem !== null) throw new Error(`its self-test failed: ${problem}`);
    } finally {
      await bound.close();
    }
  } finally {
    clearTimeout(timer);
    sender.close();
    receiver.close();
  }
}

function openReceiver(now: () => number): BatchedReceiver {
  try {
    return new BatchedReceiver(now);
  } catch (error) {
    throw new Error(`the package koffi can't be loaded: ${(error as Error).message}`);
  }
}

function problemWith(
  datagram: Datagram | null,
  port: number,
  sentNs: number,
  nowNs: number,
): string | null {
  if (datagram === null) return `no datagram came within ${WITHIN_MS} ms`;
  if (Buffer.from(datagram.bytes).toString() !== TEXT) return 'a datagram came with other bytes';
  if (datagram.address !== HOST || datagram.port !== port) return 'a datagram had another sender';
  if (datagram.lagNs > 0) return 'the kernel does not tell when a datagram arrived';
  const isInTime = datagram.arrivalNs > sentNs - 1e6 && datagram.arrivalNs <= nowNs;
  return isInTime ? null : 'a datagram had another time than it was sent at';
}
