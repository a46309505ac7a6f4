import { median } from './median.ts';
import type { Options } from './options.ts';
import { type RunFigures, run } from './run.ts';
import type { SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

/** All runs of one number of calls: the subjects take turns, A B C A B C, and are compared round by round. */
export interface Comparison {
  calls: number;
  /** Of each subject, by round. */
  runs: Partial<Record<SubjectName, RunFigures[]>>;
  /** The processor time of a subject, times that of another: the median of the rounds' ratios. */
  ratios: Ratio[];
}

export interface Ratio {
  of: SubjectName;
  to: SubjectName;
  median: number;
  /** Of the rounds. */
  least: number;
  most: number;
}

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
    for (let round = 1; round <= options.rounds; round++)
      for (const name of subjects.names) {
        say(`${calls} calls, round ${round} of ${options.rounds}: ${name}`);
        const figures = await run(subjects, name, { ...options.run, calls }, signal);
        runs[name]?.push(figures);
        say(`${figures.cpuUs.toFixed(2)} µs/packet, ${figures.check.lost} lost`);
      }
    comparisons.push({ calls, runs, ratios: ratiosOf(runs) });
  }
  return comparisons;
}

function ratiosOf(runs: Comparison['runs']): Ratio[] {
  const all = Object.entries(runs) as [SubjectName, RunFigures[]][];
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
