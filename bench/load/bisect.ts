import type { Options } from './options.ts';
import { type RunFigures, run } from './run.ts';
import type { SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

/** How many calls a subject can take. */
export interface Limit {
  name: SubjectName;
  /** The most calls of which it lost nothing; 0 where there were none. */
  lossless: number;
  /** The fewest that were too many; null where that was never so. */
  tooMany: number | null;
  /** Then it was not the subject that could not, but the generator. */
  isGeneratorLate: boolean;
  runs: { calls: number; lost: number; lateP99Ms: number; cpuUs: number }[];
}

/** It is not searched more finely than this. */
const STEP_CALLS = 100;

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
    const limit: Limit = {
      ...{ name, lossless: 0, tooMany: null, isGeneratorLate: false, runs: [] },
    };
    for (let calls: number | null = most; calls !== null; calls = nextOf(limit)) {
      const figures = await run(
        subjects,
        name,
        { ...options.run, calls, probeSeconds: 0, stallSeconds: 0 },
        signal,
      );
      const { lost } = figures.check;
      const { p99Ms } = figures.late;
      say(`${name}, ${calls} calls: ${lost} lost, generator ${p99Ms.toFixed(1)} ms late (p99)`);
      limit.runs.push({ calls, lost, lateP99Ms: p99Ms, cpuUs: figures.cpuUs });
      if (isLossless(figures)) limit.lossless = calls;
      else {
        limit.tooMany = calls;
        limit.isGeneratorLate = figures.check.lost === 0;
      }
    }
    limits.push(limit);
  }
  return limits;
}

function isLossless({ check, isOnPace }: RunFigures): boolean {
  return isOnPace && check.lost === 0 && check.misordered === 0 && check.wrongSamples === 0;
}

function nextOf({ lossless, tooMany }: Limit): number | null {
  if (tooMany === null || tooMany - lossless <= STEP_CALLS) return null;
  return Math.round((lossless + tooMany) / 2 / STEP_CALLS) * STEP_CALLS;
}
