/** Two readings of one clock, with one of another between them, that are no further apart are good enough. */
const EXACT_MS = 0.002;
const MAX_READINGS = 20;

/**
 * Nanoseconds since `origin` (a `process.hrtime.bigint()` of this process) on the monotonic clock, the
 * same in every thread. A plain number, read without allocating.
 */
export function monotonicFrom(origin: bigint): () => number {
  let offsetNs = 0;
  let doubtMs = Number.POSITIVE_INFINITY;
  // A thread that is interrupted between two readings would be ahead or behind the others for good.
  for (let i = 0; i < MAX_READINGS && doubtMs > EXACT_MS; i++) {
    const fromMs = performance.now();
    const sinceOriginNs = Number(process.hrtime.bigint() - origin);
    const toMs = performance.now();
    if (toMs - fromMs >= doubtMs) continue;
    doubtMs = toMs - fromMs;
    offsetNs = sinceOriginNs - ((fromMs + toMs) / 2) * 1e6;
  }
  return () => performance.now() * 1e6 + offsetNs;
}
