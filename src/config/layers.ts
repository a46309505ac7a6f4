import type { ConfigFile } from './file.ts';
import { fromText } from './from-text.ts';
import { type ConfigKey, KEYS } from './keys.ts';
import type { Origin } from './origin.ts';

type Table = Record<string, unknown>;

/** The file's tables with the settings from elsewhere laid over them, and where each value came from. */
export class Layers {
  /** What the schema is to check. */
  readonly tables: Table;
  readonly #file: ConfigFile | null;
  readonly #origins = new Map<string, Origin>();

  constructor(file: ConfigFile | null) {
    this.#file = file;
    this.tables = Object.fromEntries(
      Object.entries(file?.tables ?? {}).map(([name, value]) => [
        name,
        isTable(value) ? { ...value } : value instanceof Date ? value.toISOString() : value,
      ]),
    );
  }

  /** Lays a setting over what was there before. */
  set(key: ConfigKey, text: string, origin: Origin): void {
    const [section, name] = key.split('.') as [string, string];
    const table = this.tables[section] ?? {};
    // Where the file has something else than a table, the schema refuses that; nothing fits into it.
    if (!isTable(table)) return;
    table[name] = fromText(KEYS.get(key)!, text);
    this.tables[section] = table;
    this.#origins.set(key, origin);
  }

  /** The value in effect, as one would write it in the file. */
  valueOf(key: ConfigKey): unknown {
    const [section, name] = key.split('.') as [string, string];
    const table = this.tables[section];
    return (isTable(table) ? table[name] : undefined) ?? KEYS.get(key)?.fallback;
  }

  /** Where the key or table with this dotted path came from. */
  originOf(path: string): Origin {
    const line = this.#file?.lines.get(path);
    return (
      this.#origins.get(path) ??
      (this.#file && line !== undefined
        ? { kind: 'file', file: this.#file.path, line }
        : { kind: 'default' })
    );
  }

  /** The line of the file, from 1, on which a key or table stands; 0 where it is not in the file. */
  lineOf(path: string): number {
    return this.#file?.lines.get(path) ?? 0;
  }
}

function isTable(value: unknown): value is Table {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    // A TOML date is an object as well.
    !(value instanceof Date)
  );
}
