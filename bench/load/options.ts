import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunOptions } from './run.ts';
import { SUBJECT_NAMES, type SubjectName } from './subject.ts';

/** `compare` and what else it can be asked for. */
export type Mode = 'compare' | 'setup' | 'bisect';

export interface Options {
  mode: Mode;
  subjects: SubjectName[];
  /** Each is measured; `bisect` searches below the last. */
  calls: number[];
  rounds: number;
  /** Without the calls. */
  run: Omit<RunOptions, 'calls'>;
  /** Where the results go as JSON. */
  json: string | null;
}

export const USAGE = `npm run bench -- [--subjects LIST] [--calls LIST] [--rounds N] [--seconds S] …

  --subjects LIST      of batched, dgram, bare, floor, floor-pcm, floor-plain
                                                batched,dgram,bare,floor
  --calls LIST         calls at a time, each measured                1000
  --rounds N           how often the subjects take turns             3
  --seconds S          of even load that are measured                10
  --warm-up S          before that                                   5
  --probe-seconds S    of INVs beside the calls, after that          5
  --stall S            then the subject is stopped for so long       0
  --old-form           one socket a call, DATA to the control port; batched and dgram only
  --at-once N          INVs that are unanswered at a time            64
  --setup              only opens and ends the calls
  --bisect             searches the most calls of which nothing is lost, up to --calls
  --json FILE          all figures of all runs
  --cpu-prof DIR       profiles of batched, dgram and bare, one of each thread
  --node-options=TEXT  further options of node for them
  --help
`;

/** Throws a sentence where something is not as it should be; null is that help is wanted. */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      subjects: { type: 'string' },
      calls: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '5' },
      'probe-seconds': { type: 'string', default: '5' },
      stall: { type: 'string', default: '0' },
      'old-form': { type: 'boolean', default: false },
      'at-once': { type: 'string', default: '64' },
      setup: { type: 'boolean', default: false },
      bisect: { type: 'boolean', default: false },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      'node-options': { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.setup && values.bisect) throw new Error('--setup and --bisect are one too many');
  const isOldForm = values['old-form'];
  const subjects = subjectsOf(
    values.subjects ?? (isOldForm ? 'batched,dgram' : 'batched,dgram,bare,floor'),
  );
  if (isOldForm && subjects.some((name) => name !== 'batched' && name !== 'dgram'))
    throw new Error('--old-form is for batched and dgram only: the others have ports of their own');
  const profile = values['cpu-prof'];
  return {
    mode: values.setup ? 'setup' : values.bisect ? 'bisect' : 'compare',
    subjects,
    calls: values.calls.split(',').map((text) => numberIn('--calls', text, 1)),
    rounds: numberIn('--rounds', values.rounds, 1),
    run: {
      seconds: numberIn('--seconds', values.seconds, 1),
      warmUpSeconds: numberIn('--warm-up', values['warm-up'], 0),
      probeSeconds: numberIn('--probe-seconds', values['probe-seconds'], 0),
      stallSeconds: numberIn('--stall', values.stall, 0),
      atOnce: numberIn('--at-once', values['at-once'], 1),
      nodeOptions: [
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`]),
        values['node-options'],
      ].join(' '),
      isOldForm,
    },
    json: values.json ?? null,
  };
}

function subjectsOf(text: string): SubjectName[] {
  return text.split(',').map((name) => {
    const found = SUBJECT_NAMES.find((one) => one === name);
    if (!found) throw new Error(`--subjects: ${name} is none of ${SUBJECT_NAMES.join(', ')}`);
    return found;
  });
}

function numberIn(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`${flag}: ${text} is no whole number from ${least} on`);
  return value;
}
