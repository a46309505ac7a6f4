import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Tap } from '../support/tap.ts';

const PAUSE_MS = 50;

/** Begins and ends one tap after the other from a thread of its own; how long the ACK of each took, in ms. */
export async function pingTaps(port: number, forMs: number): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, forMs } });
  worker.once('message', resolve).once('error', reject);
  return promise;
}

async function ping({ port, forMs }: { port: number; forMs: number }): Promise<number[]> {
  const latencies: number[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < forMs) {
    await using tap = await Tap.open(port);
    const uuid = randomUUID();
    const sentMs = performance.now();
    await tap.invite(uuid);
    latencies.push(performance.now() - sentMs);
    await tap.bye(uuid);
    await delay(PAUSE_MS);
  }
  return latencies;
}

if (!isMainThread) parentPort?.postMessage(await ping(workerData));
