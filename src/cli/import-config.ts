import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type ImportNote, importUpstreamConfig } from '../config/index.ts';
import { errorText, RstError, systemCode } from '../errors.ts';
import { print } from './print.ts';

/** May name hosts and folders, as the daemon's own file does. */
const FILE_MODE = 0o640;

/** `rst-server import-config`: the upstream server's udp_server.conf as a configuration of ours. */
export function registerImportConfig(program: Command): void {
  program
    .command('import-config')
    .description('turn a udp_server.conf of the upstream server into a configuration for this one')
    .argument('<file>', 'the udp_server.conf')
    .option('-o, --out <file>', 'write it there instead of to stdout; never over an existing file')
    .action(async (file: string, options: { out?: string }) => {
      const { toml, notes } = importFile(file);
      if (options.out === undefined) await print(toml);
      else create(options.out, toml);
      for (const note of notes) process.stderr.write(`rst-server: ${formatNote(file, note)}\n`);
    });
}

function importFile(file: string) {
  let text: string;
  try {
    // Comments in another encoding do no harm; a setting with something else than UTF-8 is noticed.
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new RstError('RST_CONFIG', `${file} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  try {
    return importUpstreamConfig(text);
  } catch (error) {
    if (!(error instanceof RstError)) throw error;
    throw new RstError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

function create(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: FILE_MODE });
  } catch (error) {
    throw new RstError('RST_USAGE', `--out ${path} cannot be written: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

function formatNote(file: string, { kind, line, text }: ImportNote): string {
  const place = line === null ? file : `${file}:${line}`;
  return `${place}: ${kind === 'warning' ? 'warning: ' : ''}${text}`;
}

function reasonOf(error: unknown): string {
  return REASONS.get(systemCode(error) ?? '') ?? errorText(error);
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['ENOTDIR', 'there is no such folder'],
  ['EEXIST', 'it exists already; choose another name or remove it first'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'permission denied'],
]);
