import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import cliProgress from 'cli-progress';
import type { Command } from 'commander';
import { findJournals, type RecoveryOutcome, recover } from '../archive/index.ts';
import { loadConfig, USUAL_FILES } from '../config/index.ts';
import { RstError, systemCode } from '../errors.ts';
import { print } from './print.ts';
import { printable, printableJson } from './printable.ts';

interface RecoverFlags {
  records?: string;
  config?: string;
  dryRun?: true;
  json?: true;
}

/** Folders to look through, and the recordings folder that manifests name their files from. */
interface Place {
  folders: string[];
  dir: string;
  node: string;
  timezone: string;
}

/** `rst-server recover`: makes final what a server has left that ended without notice. */
export function registerRecover(program: Command): void {
  program
    .command('recover')
    .description(
      'make recordings final that were left unfinished; the server does it by itself when it starts',
    )
    .argument('[folder]', 'the recordings folder (default: records.dir of the configuration)')
    .option('--records <folder>', 'the same')
    .option('-c, --config <file>', `the configuration (default: ${USUAL_FILES.join(', else ')})`)
    .option('-n, --dry-run', 'show what there is to recover, and change nothing')
    .option('--json', 'print one JSON document')
    .action(recoverAll);
}

async function recoverAll(folder: string | undefined, flags: RecoverFlags): Promise<void> {
  const place = await placeOf(folder, flags);
  const journals: string[] = [];
  for (const each of place.folders)
    for await (const journal of findJournals(each)) journals.push(journal);
  const isDryRun = flags.dryRun === true;
  const outcomes: RecoveryOutcome[] = [];
  const bar = process.stderr.isTTY && !isDryRun ? progressBar(journals.length) : null;
  for (const journal of journals) {
    outcomes.push(await recover(journal, { ...place, isDryRun }));
    bar?.increment();
  }
  bar?.stop();
  await print(flags.json ? formatJson(place, outcomes) : formatText(outcomes));
  if (outcomes.some(({ state }) => state === 'failed' || state === 'incomplete'))
    process.exitCode = 1;
}

async function placeOf(folder: string | undefined, flags: RecoverFlags): Promise<Place> {
  if (folder !== undefined && flags.records !== undefined && folder !== flags.records)
    throw new RstError('RST_USAGE', `the folder is given twice: ${folder} and ${flags.records}`);
  const { config } = loadConfig({ file: flags.config });
  const { dir, fallbackDir, timezone } = config.records;
  const given = folder ?? flags.records;
  const folders =
    given === undefined ? [dir, fallbackDir].filter((each) => each !== null) : [resolve(given)];
  for (const each of folders) await assertFolder(each);
  const [first = dir] = folders;
  const { node } = config.daemon;
  return { folders, dir: first === fallbackDir ? dir : first, node, timezone };
}

async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    const reason = systemCode(error) === 'ENOENT' ? 'there is no such folder' : systemCode(error);
    throw new RstError('RST_USAGE', `${path} cannot be read: ${reason}`, { cause: error });
  });
  if (!found.isDirectory()) throw new RstError('RST_USAGE', `${path} is no folder`);
}

function progressBar(total: number): cliProgress.SingleBar {
  const format = 'recovering {bar} {value}/{total}, {eta_formatted} left';
  const bar = new cliProgress.SingleBar(
    { format, clearOnComplete: true, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}

function formatJson({ folders }: Place, recordings: readonly RecoveryOutcome[]): string {
  return `${printableJson({ folders, recordings }, 2)}\n`;
}

const WORDS: Record<RecoveryOutcome['state'], string> = {
  recovered: 'recovered',
  incomplete: 'not all of it could be recovered',
  live: 'is being recorded, left alone',
  found: 'can be recovered',
  failed: 'could not be recovered',
};

function formatText(outcomes: readonly RecoveryOutcome[]): string {
  if (outcomes.length === 0) return 'No unfinished recordings.\n';
  let text = '';
  for (const { state, journal, uuid, durationMs, files, warnings } of outcomes) {
    const length = state === 'recovered' ? `, ${(durationMs / 1000).toFixed(1)} s` : '';
    text += `${printable(uuid)}: ${WORDS[state]}${length}\n`;
    for (const file of files) text += `  ${printable(file)}\n`;
    for (const warning of warnings) text += `  ! ${printable(warning)}\n`;
    if (state === 'failed') text += `  ! ${printable(journal)}\n`;
  }
  const count = (...states: RecoveryOutcome['state'][]) =>
    outcomes.filter(({ state }) => states.includes(state)).length;
  const failed = count('failed', 'incomplete');
  const done = count('recovered', 'found');
  return `${text}${done} ${count('found') > 0 ? 'to recover' : 'recovered'}, ${count('live')} in use, ${failed} failed\n`;
}
