import { setTimeout as pause } from 'node:timers/promises';
import type { ProbeFigures } from './ack-probe.ts';
import { type Check, check } from './check.ts';
import { residentBytes } from './cpu-time.ts';
import type { Answered, ToGenerator } from './generator-messages.ts';
import { GeneratorProcess } from './generator-process.ts';
import { type LoopDelay, LoopWatch } from './loop-watch.ts';
import { rampMs } from './pace.ts';
import { probe } from './probe.ts';
import { measureSteady, type SteadyFigures } from './steady.ts';
import type { Subject, SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

export interface RunOptions {
  calls: number;
  /** What is measured. */
  seconds: number;
  /** Until compilers and caches have settled, once all calls speak. */
  warmUpSeconds: number;
  /** After that INVs are sent beside the calls for so long; 0: none. */
  probeSeconds: number;
  /** Then the subject is stopped for so long, as by a machine that has no time for it; 0: not. */
  stallSeconds: number;
  isOldForm: boolean;
  /** INVs that are unanswered at a time. */
  atOnce: number;
  /** Further options of node for the subject. */
  nodeOptions: string;
}

/** What one run of one subject came to; times are per packet that it received. */
export interface RunFigures extends SteadyFigures {
  setup: Answered;
  /** Before its first call. */
  baseBytes: number;
  perCallBytes: number;
  /** While the probe ran; none where it did not. */
  loops: LoopDelay[];
  /** Null where no probe was wanted. */
  acks: ProbeFigures | null;
  check: Check;
  /** See `Subject`. */
  complaints: Record<string, number>;
  /** Packets that the generator could not send. */
  failed: number;
  /** False where the generator was late itself: what the subject lost then says little. */
  isOnPace: boolean;
}

/** INVs of the probe. */
const PROBES_PER_SECOND = 100;
/** Until a subject that listens has nothing left to do. */
const SETTLE_MS = 1000;
/** A group that leaves later than this comes with the next packets of its calls. */
const LATE_MS = 20;
/** After a stall, until what has piled up is read. */
const RECOVER_MS = 2000;

/** Starts a subject, opens calls, lets them speak, ends them, and looks at what it has kept. */
export async function run(
  subjects: Subjects,
  name: SubjectName,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunFigures> {
  const { calls, probeSeconds, stallSeconds, isOldForm, atOnce } = options;
  await using watch = await LoopWatch.open();
  await using subject = await subjects.start(name, {
    ...{ calls, probes: PROBES_PER_SECOND * probeSeconds, env: watch.env(options.nodeOptions) },
  });
  await pause(SETTLE_MS, undefined, { signal });
  const baseBytes = await residentBytes(subject.pid);

  await using generator = new GeneratorProcess();
  const invite: ToGenerator = {
    kind: 'invite',
    options: { host: subject.host, port: subject.port, calls, isOldForm, atOnce },
  };
  const { figures: setup } = await generator.ask(invite, 'answered');
  await generator.ask({ kind: 'start' }, 'started');
  await pause(rampMs(calls) + options.warmUpSeconds * 1000, undefined, { signal });

  const steady = await measureSteady(subject.pid, generator, options.seconds, signal);
  const acks = probeSeconds > 0 ? await respond(subject, probeSeconds, watch, signal) : null;
  if (stallSeconds > 0) await stall(subject, stallSeconds, signal);

  const { count, sentByLeg } = await generator.ask({ kind: 'stop' }, 'stopped');
  await generator.ask({ kind: 'bye' }, 'answered');
  await subject.stop();
  const checked = await check(subject, sentByLeg);
  const perCallBytes = (steady.peakBytes - baseBytes) / calls;
  return {
    ...perReceived(steady, (checked.sent - checked.lost) / checked.sent),
    ...{ setup, baseBytes, perCallBytes, acks, failed: count.failed },
    isOnPace: steady.late.p99Ms < LATE_MS,
    loops: await watch.delays(),
    check: checked,
    complaints: subject.complaints(),
  };
}

/** Sends INVs, and has the subject look at its loops meanwhile. */
async function respond(
  subject: Subject,
  seconds: number,
  watch: LoopWatch,
  signal: AbortSignal,
): Promise<ProbeFigures> {
  if (subject.hasLoops) watch.toggle(subject.pid);
  const figures = await probe(subject, PROBES_PER_SECOND, seconds, signal);
  if (subject.hasLoops) watch.toggle(subject.pid);
  return figures;
}

/** What is lost costs nothing, and must not make the rest look cheap. */
function perReceived(steady: SteadyFigures, share: number): SteadyFigures {
  const threads = Object.entries(steady.threadsUs).map(([name, us]) => [name, us / share]);
  return {
    ...steady,
    cpuUs: steady.cpuUs / share,
    userUs: steady.userUs / share,
    systemUs: steady.systemUs / share,
    threadsUs: Object.fromEntries(threads),
  };
}

async function stall({ pid }: Subject, seconds: number, signal: AbortSignal): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await pause(seconds * 1000, undefined, { signal });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await pause(RECOVER_MS, undefined, { signal });
}
