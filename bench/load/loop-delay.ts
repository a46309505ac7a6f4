/**
 * Loaded before a subject (`--import`): how late its threads come to what is due, each thread of node by
 * itself. SIGUSR2 ends a span of time; what it was like is in `FOLDER/SPAN-THREAD.json`, spans and threads
 * from 0.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const EVERY_MS = 10;

const folder = process.env.BENCH_LOOP_FOLDER ?? '.';
const delaysUs = createHistogram();
let dueMs = performance.now() + EVERY_MS;
let span = 0;

/** All that came due since the last time has waited until now: `monitorEventLoopDelay` counts the first of it only. */
function count(): void {
  const nowMs = performance.now();
  for (; dueMs <= nowMs; dueMs += EVERY_MS)
    delaysUs.record(Math.max(1, Math.round((nowMs - dueMs) * 1000)));
  dueMs = nowMs + EVERY_MS;
}

function endSpan(): void {
  count();
  const figures = {
    thread: isMainThread ? 'main' : `worker ${threadId}`,
    p50Ms: delaysUs.percentile(50) / 1000,
    p99Ms: delaysUs.percentile(99) / 1000,
    maxMs: delaysUs.max / 1000,
  };
  writeFileSync(join(folder, `${span++}-${threadId}.json`), JSON.stringify(figures));
  delaysUs.reset();
}

setInterval(count, EVERY_MS).unref();
const channel = new BroadcastChannel('bench-loop-delay');
channel.onmessage = endSpan;
channel.unref();
if (isMainThread)
  process.on('SIGUSR2', () => {
    channel.postMessage(null);
    endSpan();
  });
