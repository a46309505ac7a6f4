import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.ts';

/** Tables that a running daemon takes up: everything about which calls are tapped, and where. */
const TAKEN_UP: ReadonlySet<keyof Config> = new Set(['freeswitch', 'rules', 'trigger', 'esl']);

/** Sentences about what has changed in the configuration but waits for the next start. */
export function changesForNextStart(before: Config, after: Config): string[] {
  const tables = Object.keys(before) as (keyof Config)[];
  return tables
    .filter((table) => !TAKEN_UP.has(table))
    .filter((table) => !isDeepStrictEqual(fixedPart(before, table), fixedPart(after, table)))
    .map((table) => `[${table}] has changed; that takes effect with the next start`);
}

/** What of a table a running daemon can't change. */
function fixedPart(config: Config, table: keyof Config): unknown {
  if (table === 'log') return { ...config.log, level: null };
  // Where the list is the default, boxes are let in as they come.
  if (table === 'server' && config.server.allowsBoxes) return { ...config.server, allow: null };
  return config[table];
}
