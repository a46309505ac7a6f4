import { setTimeout as pause } from 'node:timers/promises';
import { cpuTimeBetween, cpuTimeOf, residentBytes } from './cpu-time.ts';
import type { GeneratorProcess } from './generator-process.ts';
import type { Lateness } from './pace.ts';

/** What a subject took while calls ran evenly. Times are per packet that was sent. */
export interface SteadyFigures {
  packets: number;
  packetsPerSecond: number;
  cpuUs: number;
  userUs: number;
  systemUs: number;
  /** The same by thread, as they are named. */
  threadsUs: Record<string, number>;
  /** The most memory it had. */
  peakBytes: number;
  late: Lateness;
  /** Of the generator's own processor time. */
  generatorUs: number;
}

const RESIDENT_EVERY_MS = 500;

/** Looks at a process for so long. */
export async function measureSteady(
  pid: number,
  generator: GeneratorProcess,
  seconds: number,
  signal: AbortSignal,
): Promise<SteadyFigures> {
  let peakBytes = 0;
  const { count: before } = await generator.ask({ kind: 'count' }, 'counted');
  const cpuBefore = await cpuTimeOf(pid);
  const endMs = performance.now() + seconds * 1000;
  for (let leftMs = seconds * 1000; leftMs > 0; leftMs = endMs - performance.now()) {
    await pause(Math.min(leftMs, RESIDENT_EVERY_MS), undefined, { signal });
    peakBytes = Math.max(peakBytes, await residentBytes(pid));
  }
  const { count: after } = await generator.ask({ kind: 'count' }, 'counted');
  const cpu = cpuTimeBetween(cpuBefore, await cpuTimeOf(pid));
  const packets = after.sent - before.sent;
  const threads = Object.entries(cpu.threadsUs).map(([name, us]) => [name, us / packets]);
  return {
    packets,
    packetsPerSecond: (packets / (after.atMs - before.atMs)) * 1000,
    cpuUs: (cpu.userUs + cpu.systemUs) / packets,
    userUs: cpu.userUs / packets,
    systemUs: cpu.systemUs / packets,
    threadsUs: Object.fromEntries(threads),
    peakBytes,
    late: after.late,
    generatorUs: (after.cpuUs - before.cpuUs) / packets,
  };
}
