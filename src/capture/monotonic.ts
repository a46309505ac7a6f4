/**
 * Nanoseconds since `origin` (a `process.hrtime.bigint()` of this process) on the monotonic clock, the
 * same in every thread. A plain number, read without allocating.
 */
export function monotonicFrom(origin: bigint): () => number {
  const offsetNs = Number(process.hrtime.bigint() - origin) - performance.now() * 1e6;
  return () => performance.now() * 1e6 + offsetNs;
}
