import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.ts';

/** Tables that a running daemon takes up: everything about which calls are tapped, and where. */
const TAKEN_UP: ReadonlySet<keyof Config> = new Set(['freeswitch', 'rules', 'trigger', 'esl']);

/** What a daemon goes by that runs with `running` and has taken up what it can of `loaded`. */
export function takeUp(running: Config, loaded: Config): Config {
  const taken = { ...running, log: { ...running.log, level: loaded.log.level } };
  for (const table of TAKEN_UP) Object.assign(taken, { [table]: loaded[table] });
  return taken;
}

/** Sentences about what of `loaded` is not what the daemon runs with and waits for the next start. */
export function changesForNextStart(running: Config, loaded: Config): string[] {
  const tables = Object.keys(running) as (keyof Config)[];
  return tables
    .filter((table) => !TAKEN_UP.has(table))
    .filter((table) => !isDeepStrictEqual(fixedPart(running, table), fixedPart(loaded, table)))
    .map((table) => `[${table}] has changed; that takes effect with the next start`);
}

/** What of a table a running daemon can't change. */
function fixedPart(config: Config, table: keyof Config): unknown {
  if (table === 'log') return { ...config.log, level: null };
  // Where the list is the default, boxes are let in as they come.
  if (table === 'server' && config.server.allowsBoxes) return { ...config.server, allow: null };
  return config[table];
}
