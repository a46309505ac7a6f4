import type { Options } from './options.ts';
import { type RunFigures, type RunOptions, run } from './run.ts';
import type { SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

/** How many calls a subject can take. */
export interface Limit {
  name: SubjectName;
  /** The most calls of which it lost nothing; 0 where there were none. */
  lossless: number;
  /** The fewest that were too many; null where that was never so. */
  tooMany: number | null;
  /** Why they were, in words; null where they were not. */
  reason: string | null;
  runs: { calls: number; problem: string | null; cpuUs: number | null }[];
}

/** It is not searched more finely than this. */
const STEP_CALLS = 100;
/** What happened once may have been something else of the machine. */
const TRIES = 2;

/** Searches between nothing and the last of `calls`, for each subject by itself. */
export async function bisect(
  subjects: Subjects,
  options: Options,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Limit[]> {
  const most = options.calls.at(-1) as number;
  const limits: Limit[] = [];
  for (const name of subjects.names) {
    const limit: Limit = { name, lossless: 0, tooMany: null, reason: null, runs: [] };
    for (let calls: number | null = most; calls !== null; ) {
      const runOptions = { ...options.run, calls, probeSeconds: 0, stallSeconds: 0 };
      let problem: string | null = '';
      for (let tries = 0; tries < TRIES && problem !== null; tries++) {
        const tried = await tryCalls(subjects, name, runOptions, signal);
        problem = tried.problem;
        limit.runs.push({ calls, ...tried });
        say(`${name}, ${calls} calls: ${problem ?? 'nothing lost'}`);
      }
      if (problem === null) limit.lossless = calls;
      else {
        limit.tooMany = calls;
        limit.reason = problem;
      }
      calls = nextCalls(limit.lossless, limit.tooMany);
    }
    limits.push(limit);
  }
  return limits;
}

/** How many to try next; null where that is known well enough. */
export function nextCalls(lossless: number, tooMany: number | null): number | null {
  if (tooMany === null || tooMany - lossless <= STEP_CALLS) return null;
  return Math.round((lossless + tooMany) / 2 / STEP_CALLS) * STEP_CALLS;
}

async function tryCalls(
  subjects: Subjects,
  name: SubjectName,
  options: RunOptions,
  signal: AbortSignal,
): Promise<{ problem: string | null; cpuUs: number | null }> {
  try {
    const figures = await run(subjects, name, options, signal);
    return { problem: problemIn(figures), cpuUs: figures.cpuUs };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: (error as Error).message, cpuUs: null };
  }
}

function problemIn({ check, isOnPace, late }: RunFigures): string | null {
  if (check.lost > 0) return `${check.lost} packets lost`;
  if (check.misordered > 0) return `${check.misordered} packets misordered`;
  if (check.cut > 0) return `${check.cut} packets came and are not in the files`;
  if (check.wrongSamples > 0) return `${check.wrongSamples} samples are none that were sent`;
  return isOnPace ? null : `the generator was ${late.p99Ms.toFixed(0)} ms late (p99)`;
}
