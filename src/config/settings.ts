import { formatKeyPath, type KeyPath } from './key-path.ts';
import { KEYS, LIST_KEYS, type ListName } from './keys.ts';
import type { Layers } from './layers.ts';
import type { Origin } from './origin.ts';
import { HIDDEN, isSecret } from './problems.ts';
import type { Config } from './schema.ts';
import { isTable, type Table } from './table.ts';

/** The effective value of one key, as one would write it in the file, and where it came from. */
export interface Setting {
  value: unknown;
  origin: Origin;
}

/** Every setting by its dotted key: those of the tables, and of lists the ones that have a value. */
export function settingsOf(config: Config, layers: Layers): ReadonlyMap<string, Setting> {
  const settings = new Map<string, Setting>();
  // What was completed after the schema had it.
  const completed: Record<string, unknown> = {
    'daemon.socket': config.daemon.socket,
    'server.allow': config.server.allow,
    'records.dir': config.records.dir,
    'records.fallback_dir': config.records.fallbackDir,
  };
  for (const key of KEYS.keys())
    settings.set(key, {
      value: completed[key] ?? layers.valueOf(key),
      origin: layers.originOf(key.split('.')),
    });
  for (const list of ['freeswitch', 'rules'] as const)
    for (const [index, table] of layers.listOf(list).entries())
      for (const [path, value] of isTable(table) ? valuesOf([list, index], table) : [])
        settings.set(formatKeyPath(path), {
          value: isSecret(path) ? HIDDEN : value,
          origin: layers.originOf(path),
        });
  return settings;
}

function valuesOf([list, index]: [ListName, number], table: Table): [KeyPath, unknown][] {
  return [...LIST_KEYS[list]].flatMap(([key, { fallback }]): [KeyPath, unknown][] => {
    const path = [list, index, key];
    const value = table[key] ?? fallback;
    if (isTable(value))
      return Object.entries(value).map(([name, member]) => [[...path, name], member]);
    if (key === 'name' && list === 'freeswitch') return [[path, value ?? table.host]];
    // A password that is read from a file stands nowhere else.
    if (value === undefined || (key === 'password' && table.password_file !== undefined)) return [];
    return [[path, value]];
  });
}
