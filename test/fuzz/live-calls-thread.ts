import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { sendCalls } from '../../src/send/index.ts';
import type { LiveCallsSetup } from './live-calls.ts';

// The calls have a thread of their own, so that they keep their pace beside a busy fuzz.
// A third of them number their packets, the others are placed by arrival: at ports of their own, or at
// the control port.
const FORMS = [{ seq: true }, {}, { oldForm: true }];
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
        ...FORMS[index % FORMS.length],
      },
      { signal: abort.signal },
    ),
  ),
);
parent.postMessage(summaries);
