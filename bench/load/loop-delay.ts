/**
 * Loaded before a subject (`--import`): how late its threads come to what is due, each thread of node by
 * itself, from one SIGUSR2 to the next. Until then it does nothing; what it has found is in
 * `FOLDER/THREAD.json`, threads from 0.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const EVERY_MS = 10;

const folder = process.env.BENCH_LOOP_FOLDER ?? '.';
const delaysUs = createHistogram();
let dueMs = 0;
let timer: NodeJS.Timeout | null = null;

/** On a clock that all threads share. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** All that came due since the last time has waited until now: `monitorEventLoopDelay` counts the first of it only. */
function count(): void {
  const nowMs = now();
  for (; dueMs <= nowMs; dueMs += EVERY_MS)
    delaysUs.record(Math.max(1, Math.round((nowMs - dueMs) * 1000)));
  dueMs = nowMs + EVERY_MS;
}

/** `toldMs` is when it was said: a thread that had no time to listen was late from then on. */
function beginOrEnd(toldMs: number): void {
  if (timer === null) {
    dueMs = toldMs;
    count();
    timer = setInterval(count, EVERY_MS).unref();
    return;
  }
  clearInterval(timer);
  count();
  const figures = {
    thread: isMainThread ? 'main' : `worker ${threadId}`,
    p50Ms: delaysUs.percentile(50) / 1000,
    p99Ms: delaysUs.percentile(99) / 1000,
    maxMs: delaysUs.max / 1000,
  };
  writeFileSync(join(folder, `${threadId}.json`), JSON.stringify(figures));
}

const channel = new BroadcastChannel('bench-loop-delay');
channel.onmessage = (event: unknown) => beginOrEnd((event as { data: number }).data);
channel.unref();
if (isMainThread)
  process.on('SIGUSR2', () => {
    channel.postMessage(now());
    beginOrEnd(now());
  });
