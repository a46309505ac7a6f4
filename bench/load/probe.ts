import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProbeFigures } from './ack-probe.ts';
import type { Subject } from './subject.ts';

/** Sends INVs for so many seconds from a process of their own. Rejects where that fails or `signal` aborts. */
export async function probe(
  { host, port }: Subject,
  perSecond: number,
  seconds: number,
  signal: AbortSignal,
): Promise<ProbeFigures> {
  const process = fork(
    join(import.meta.dirname, 'ack-probe.ts'),
    [host, ...[port, perSecond, seconds].map(String)],
    { signal },
  );
  const told = once(process, 'message');
  told.catch(() => {});
  const failed = once(process, 'exit').then(([code]) => {
    throw new Error(`the probe ended with ${code}`);
  });
  failed.catch(() => {});
  const [figures] = (await Promise.race([told, failed])) as [ProbeFigures];
  return figures;
}
