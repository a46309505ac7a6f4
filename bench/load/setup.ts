import type { Answered } from './generator-messages.ts';
import { GeneratorProcess } from './generator-process.ts';
import type { Options } from './options.ts';
import type { SubjectName } from './subject.ts';
import type { Subjects } from './subjects.ts';

/** What it took to open calls as fast as they are answered, and to end them. */
export interface SetupFigures {
  name: SubjectName;
  calls: number;
  round: number;
  invs: Answered;
  byes: Answered;
}

/** Opens and ends calls that never speak. */
export async function measureSetup(
  subjects: Subjects,
  { calls: counts, rounds, run: { atOnce, isOldForm, nodeOptions } }: Options,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<SetupFigures[]> {
  const results: SetupFigures[] = [];
  for (const calls of counts)
    for (let round = 1; round <= rounds; round++)
      for (const name of subjects.names) {
        signal.throwIfAborted();
        say(`${calls} calls, round ${round} of ${rounds}: ${name}`);
        const env = { NODE_OPTIONS: nodeOptions };
        await using subject = await subjects.start(name, { calls, probes: 0, env });
        await using generator = new GeneratorProcess();
        const { host, port } = subject;
        const options = { host, port, calls, isOldForm, atOnce };
        const invs = await generator.ask({ kind: 'invite', options }, 'answered');
        const byes = await generator.ask({ kind: 'bye' }, 'answered');
        await subject.stop();
        results.push({ name, calls, round, invs: invs.figures, byes: byes.figures });
      }
  return results;
}
