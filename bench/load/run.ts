import { type Check, check } from './check.ts';
import { cpuTimeBetween, cpuTimeOf, residentBytes } from './cpu-time.ts';
import type { Answered } from './generator-messages.ts';
import { GeneratorProcess } from './generator-process.ts';
import { type Lateness, RAMP_SECONDS } from './pace.ts';
import type { Subject } from './subject.ts';

export interface RunOptions {
  calls: number;
  /** What is measured. */
  seconds: number;
  /** Until compilers and caches have settled, once all calls speak. */
  warmUpSeconds: number;
  isOldForm: boolean;
  /** INVs that are unanswered at a time. */
  atOnce: number;
}

/** What one run of one subject came to. */
export interface RunFigures {
  calls: number;
  setup: Answered;
  packetsPerSecond: number;
  /** Of the subject, per packet that was sent. */
  userUs: number;
  systemUs: number;
  cpuUs: number;
  /** The same, by thread. */
  threadsUs: Record<string, number>;
  baseBytes: number;
  /** The most it was while it was measured. */
  peakBytes: number;
  perCallBytes: number;
  late: Lateness;
  /** Packets that the generator could not send. */
  failed: number;
  /** False where the generator was late itself: what the subject lost then says little. */
  isOnPace: boolean;
  generatorUs: number;
  check: Check;
}

const RESIDENT_EVERY_MS = 500;
/** A group that leaves later than this comes with the next packet of its calls. */
const LATE_MS = 20;

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Drives a subject that has just been started, through all of its life. */
export async function run(subject: Subject, options: RunOptions): Promise<RunFigures> {
  const { calls, seconds, warmUpSeconds, isOldForm, atOnce } = options;
  await pause(1);
  const baseBytes = await residentBytes(subject.pid);
  await using generator = new GeneratorProcess();
  const invite = { port: subject.port, calls, isOldForm, atOnce };
  const setup = await generator.ask({ kind: 'invite', options: invite }, 'answered');
  await generator.ask({ kind: 'start' }, 'started');
  await pause(RAMP_SECONDS + warmUpSeconds);

  let peakBytes = 0;
  const before = await generator.ask({ kind: 'count' }, 'counted');
  const cpuBefore = await cpuTimeOf(subject.pid);
  const endMs = performance.now() + seconds * 1000;
  for (let leftMs = seconds * 1000; leftMs > 0; leftMs = endMs - performance.now()) {
    await pause(Math.min(leftMs, RESIDENT_EVERY_MS) / 1000);
    peakBytes = Math.max(peakBytes, await residentBytes(subject.pid));
  }
  const after = await generator.ask({ kind: 'count' }, 'counted');
  const cpu = cpuTimeBetween(cpuBefore, await cpuTimeOf(subject.pid));
  const packets = after.count.sent - before.count.sent;

  const stopped = await generator.ask({ kind: 'stop' }, 'stopped');
  await generator.ask({ kind: 'bye' }, 'answered');
  await subject.stop();
  const { late } = after.count;
  const perPacket = (us: number) => us / packets;
  return {
    calls,
    setup: setup.figures,
    packetsPerSecond: (packets / (after.count.atMs - before.count.atMs)) * 1000,
    userUs: perPacket(cpu.userUs),
    systemUs: perPacket(cpu.systemUs),
    cpuUs: perPacket(cpu.userUs + cpu.systemUs),
    threadsUs: Object.fromEntries(
      Object.entries(cpu.threadsUs).map(([name, us]) => [name, perPacket(us)]),
    ),
    baseBytes,
    peakBytes,
    perCallBytes: (peakBytes - baseBytes) / calls,
    late,
    failed: stopped.count.failed,
    isOnPace: late.p99Ms < LATE_MS,
    generatorUs: perPacket(after.count.cpuUs - before.count.cpuUs),
    check: await check(subject, stopped.sentByLeg),
  };
}
