/**
 * Loaded before a subject (`--import`): how late its threads come to what is due, each thread of node by
 * itself. SIGUSR2 ends a span of time; what it was like is in `FOLDER/SPAN-THREAD.json`, spans and threads
 * from 0.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/** A timer of this much is what is looked at; only what it came later than that is delay. */
const RESOLUTION_MS = 10;

const folder = process.env.BENCH_LOOP_FOLDER ?? '.';
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
let span = 0;

function endSpan(): void {
  const over = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  const figures = {
    thread: isMainThread ? 'main' : `worker ${threadId}`,
    p50Ms: over(delays.percentile(50)),
    p99Ms: over(delays.percentile(99)),
    maxMs: over(delays.max),
  };
  writeFileSync(join(folder, `${span++}-${threadId}.json`), JSON.stringify(figures));
  delays.reset();
}

const channel = new BroadcastChannel('bench-loop-delay');
channel.onmessage = endSpan;
channel.unref();
if (isMainThread)
  process.on('SIGUSR2', () => {
    channel.postMessage(null);
    endSpan();
  });
