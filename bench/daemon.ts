/**
 * What it costs to take calls, and how many can be taken: rst-server with each of its receivers, the least
 * that a program of node can be, and one in C, in turns and under the same load. `npm run bench -- --help`
 * says how to ask; README.md in this folder says how to read the answer.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release } from 'node:os';
import { bisect } from './load/bisect.ts';
import { compare } from './load/compare.ts';
import { type Options, parseOptions, USAGE } from './load/options.ts';
import { bisectReport, compareReport, setupReport } from './load/report.ts';
import { measureSetup } from './load/setup.ts';
import { Subjects } from './load/subjects.ts';

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));
const say = (text: string) => process.stderr.write(`${text}\n`);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(USAGE);
  else await measure(options);
} catch (error) {
  const { signal } = interrupted;
  say(`bench: ${((signal.aborted ? signal.reason : error) as Error).message}`);
  process.exitCode = 1;
}

async function measure(options: Options): Promise<void> {
  const machine = {
    ...{ node: process.version, kernel: release(), cores: availableParallelism() },
    processor: cpus()[0]?.model ?? 'unknown',
  };
  await using subjects = await Subjects.prepare(options.subjects);
  const { text, results } = await resultsOf(subjects, options);
  const title = `${machine.cores} cores (${machine.processor}), Linux ${machine.kernel}, node ${machine.node}`;
  process.stdout.write(`${title}\n\n${text}`);
  if (subjects.leftOut !== null) process.stdout.write(`${subjects.leftOut}\n`);
  const document = { at: new Date().toISOString(), machine, options, results };
  if (options.json !== null)
    await writeFile(options.json, `${JSON.stringify(document, null, 2)}\n`);
}

async function resultsOf(
  subjects: Subjects,
  options: Options,
): Promise<{ text: string; results: unknown }> {
  const { signal } = interrupted;
  switch (options.mode) {
    case 'compare': {
      const results = await compare(subjects, options, signal, say);
      if (results.some(({ failure }) => failure !== null)) process.exitCode = 1;
      return { text: compareReport(results), results };
    }
    case 'setup': {
      const results = await measureSetup(subjects, options, signal, say);
      return { text: setupReport(results), results };
    }
    case 'bisect': {
      const results = await bisect(subjects, options, signal, say);
      return { text: bisectReport(results), results };
    }
  }
}
