import { median } from './median.ts';
import type { Options } from './options.ts';
import { type RunFigures, type RunOptions, run } from './run.ts';
import type { SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

/** All runs of one number of calls: the subjects take turns, A B C A B C, and are compared round by round. */
export interface Comparison {
  calls: number;
  /** Of each subject, by round. */
  runs: Partial<Record<SubjectName, RunFigures[]>>;
  /** The processor time of a subject, times that of another: the median of the rounds' ratios. */
  ratios: Ratio[];
  /** Why there are fewer rounds than wanted. */
  failure: string | null;
}

export interface Ratio {
  of: SubjectName;
  to: SubjectName;
  median: number;
  /** Of the rounds. */
  least: number;
  most: number;
}

/** Ends early where a run fails; `failure` then says why, and whole rounds are what counts. */
export async function compare(
  subjects: Subjects,
  options: Options,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const calls of options.calls) {
    const runs: Comparison['runs'] = {};
    for (const name of subjects.names) runs[name] = [];
    let failure: string | null = null;
    for (let round = 1; round <= options.rounds && failure === null; round++) {
      say(`${calls} calls, round ${round} of ${options.rounds}`);
      const { figures, error } = await roundOf(subjects, { ...options.run, calls }, signal, say);
      if (error === null) for (const [name, one] of figures) runs[name]?.push(one);
      else failure = `${calls} calls, round ${round}, ${error}`;
    }
    comparisons.push({ calls, runs, ratios: ratiosOf(runs), failure });
    if (failure !== null) break;
  }
  return comparisons;
}

async function roundOf(
  subjects: Subjects,
  options: RunOptions,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<{ figures: Map<SubjectName, RunFigures>; error: string | null }> {
  const figures = new Map<SubjectName, RunFigures>();
  for (const name of subjects.names)
    try {
      const one = await run(subjects, name, options, signal);
      figures.set(name, one);
      const threads = Object.entries(one.threadsUs)
        .sort(([, a], [, b]) => b - a)
        .map(([thread, us]) => `${thread} ${us.toFixed(2)}`);
      say(`  ${name}: ${one.cpuUs.toFixed(2)} µs/packet (${threads.join(', ')})`);
    } catch (error) {
      const cause = signal.aborted ? signal.reason : error;
      return { figures, error: `${name}: ${cause.message}` };
    }
  return { figures, error: null };
}

function ratiosOf(runs: Comparison['runs']): Ratio[] {
  const entries = Object.entries(runs) as [SubjectName, RunFigures[]][];
  const all = entries.filter(([, figures]) => figures.length > 0);
  return all.flatMap(([of, ones]) =>
    all
      .filter(([to]) => to !== of)
      .map(([to, others]) => {
        const ratios = ones.map(({ cpuUs }, round) => cpuUs / (others[round]?.cpuUs as number));
        const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
        return { of, to, median: median(ratios), least, most };
      }),
  );
}
