import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { RstError, systemCode } from '../errors.ts';
import { formatFilePlace } from './origin.ts';
import { readFailure } from './read-failure.ts';
import { locateKeys } from './toml-lines.ts';

/** Where a configuration is looked for without `--config`, first to last. */
export const USUAL_FILES = ['./conf/rst-server.toml', '/etc/rst-server/rst-server.toml'] as const;

/** A configuration file as it was read: not yet checked against the schema. */
export interface ConfigFile {
  /** Absolute. */
  path: string;
  tables: Record<string, unknown>;
  /** The line of each key and table, by its dotted path. */
  lines: ReadonlyMap<string, number>;
}

/**
 * Reads `file`, or else the first of the usual ones that exists; null where none does.
 *
 * @throws RstError RST_CONFIG where a file cannot be read or is no TOML
 */
export function readConfigFile(file: string | undefined, cwd: string): ConfigFile | null {
  for (const candidate of file === undefined ? USUAL_FILES : [file]) {
    const path = resolve(cwd, candidate);
    const text = readText(path, file === undefined);
    if (text !== null) return { path, ...parseToml(path, text) };
  }
  return null;
}

function readText(path: string, mayBeMissing: boolean): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (mayBeMissing && (code === 'ENOENT' || code === 'ENOTDIR')) return null;
    throw new RstError(
      'RST_CONFIG',
      `${path}: the configuration cannot be read: ${readFailure(error)}.`,
      { cause: error },
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new RstError('RST_CONFIG', `${path}: not UTF-8 text; save the file as UTF-8.`, {
      cause: error,
    });
  }
}

function parseToml(path: string, text: string): Omit<ConfigFile, 'path'> {
  try {
    return { tables: parse(text), lines: locateKeys(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1);
    // By far the most frequent slip, and the parser's own words for it do not help.
    const advice = /invalid value|numeric/.test(what) ? '; text such as "30s" needs quotes' : '';
    // Without its cause, which quotes the lines around: a log of the error would show a password there.
    throw new RstError(
      'RST_CONFIG',
      `${formatFilePlace(path, error.line)}: not valid TOML at column ${error.column}: ${what}${advice}`,
    );
  }
}
