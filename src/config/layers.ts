import type { ConfigFile } from './file.ts';
import { fromText } from './from-text.ts';
import { formatKeyPath, type KeyPath } from './key-path.ts';
import { type ConfigKey, KEYS, LIST_KEYS, type ListName } from './keys.ts';
import type { Origin } from './origin.ts';
import { isTable, type Table } from './table.ts';

/** The file's tables with the settings from elsewhere laid over them, and where each value came from. */
export class Layers {
  /** What the schema is to check. */
  readonly tables: Table;
  readonly #file: ConfigFile | null;
  readonly #origins = new Map<string, Origin>();

  constructor(file: ConfigFile | null) {
    this.#file = file;
    this.tables = Object.fromEntries(
      Object.entries(file?.tables ?? {}).map(([name, value]) => [name, copied(value)]),
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

  /** The tables of a list; what the file has there and is no list of tables, the schema refuses. */
  listOf(list: ListName): readonly unknown[] {
    const tables = this.tables[list];
    return Array.isArray(tables) ? tables : [];
  }

  /** Puts a whole list in the place of the file's; what is no table in it, the schema refuses. */
  setList(list: ListName, tables: readonly unknown[], origin: Origin): void {
    this.tables[list] = copied(tables);
    this.#origins.set(list, origin);
    for (const [index, table] of tables.entries())
      for (const key of isTable(table) ? Object.keys(table) : [])
        this.#origins.set(formatKeyPath([list, index, key]), origin);
  }

  /** Lays a setting over one key of a table of a list; the table is made where it is the next one. */
  setInList(path: [ListName, number, string], text: string, origin: Origin): void {
    const [list, index, key] = path;
    this.tables[list] ??= [];
    const tables = this.tables[list];
    if (!Array.isArray(tables)) return;
    if (index === tables.length) tables.push({});
    const table: unknown = tables[index];
    if (!isTable(table)) return;
    table[key] = fromText(LIST_KEYS[list].get(key)!, text);
    this.#origins.set(formatKeyPath(path), origin);
  }

  /** Takes away what a key of a list's table has from a lower layer. */
  unsetInList([list, index, key]: [ListName, number, string]): void {
    const table = this.listOf(list)[index];
    if (isTable(table)) delete table[key];
  }

  /** The value in effect, as one would write it in the file. */
  valueOf(key: ConfigKey): unknown {
    const [section, name] = key.split('.') as [string, string];
    const table = this.tables[section];
    return (isTable(table) ? table[name] : undefined) ?? KEYS.get(key)?.fallback;
  }

  /** Where the key or table came from. */
  originOf(path: KeyPath): Origin {
    const name = formatKeyPath(path);
    const line = this.#file?.lines.get(name);
    return (
      this.#origins.get(name) ??
      (this.#file && line !== undefined
        ? { kind: 'file', file: this.#file.path, line }
        : { kind: 'default' })
    );
  }

  /** Where to look for a problem: where the key came from, and for one that is missing, its table. */
  placeOf(path: KeyPath): Origin {
    for (let length = path.length; length > 0; length--) {
      const origin = this.originOf(path.slice(0, length));
      if (origin.kind !== 'default') return origin;
    }
    return { kind: 'default' };
  }
}

/** A copy that settings can be laid over. */
function copied(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((member) => (isTable(member) ? { ...member } : member));
  if (isTable(value)) return { ...value };
  return value instanceof Date ? value.toISOString() : value;
}
