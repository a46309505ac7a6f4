import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { sendCalls } from '../../src/send/index.ts';
import type { LiveCallsSetup } from './live-calls.ts';

// The calls have a thread of their own, so that they keep their pace beside a busy fuzz.
const { port, uuids } = workerData as LiveCallsSetup;
const parent = parentPort as MessagePort;
const abort = new AbortController();
parent.once('message', () => abort.abort());
const summaries = await Promise.all(
  uuids.map((uuid, index) =>
    sendCalls(
      {
        ...{ host: '127.0.0.1', port, uuid, durationMs: 24 * 3_600_000 },
        read: { kind: 'noise', seed: 2 * index },
        write: { kind: 'noise', seed: 2 * index + 1 },
        // Half of them number their packets, half are placed by arrival.
        seq: index % 2 === 0,
      },
      { signal: abort.signal },
    ),
  ),
);
parent.postMessage(summaries);
