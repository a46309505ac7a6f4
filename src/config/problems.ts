import type { core } from 'zod';
import { formatKeyPath, type KeyPath } from './key-path.ts';
import { isConfigKey, KEYS, LIST_KEYS, type ListName } from './keys.ts';
import { nearest } from './nearest.ts';
import { PATTERN_FORM } from './rule-schema.ts';
import { LISTS, SECTIONS } from './schema.ts';
import { isTable, type Table } from './table.ts';

/** What is wrong at one key or table of the configuration, and what would be right. */
export interface Problem {
  path: KeyPath;
  text: string;
}

/** What stands in the place of a secret. */
export const HIDDEN = '(hidden)';

/** Puts the schema's findings about `input` into words, one for each key or table. */
export function describeIssues(
  issues: readonly core.$ZodIssue[],
  input: Readonly<Table>,
): Problem[] {
  const problems = new Map<string, Problem>();
  const add = (path: KeyPath, text: string) => problems.set(formatKeyPath(path), { path, text });
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const path = [...issue.path, key];
        add(path, unknownKey(path, valueAt(input, path)));
      }
      continue;
    }
    const path = settingOf(issue.path);
    add(path, `is ${shown(path, valueAt(input, path))}, must be ${takesOf(path)}`);
  }
  return [...problems.values()];
}

/** True for a key whose value nobody is to see. */
export function isSecret(path: KeyPath): boolean {
  return path.at(-1) === 'password';
}

/** The path of the setting that something within its value was found wrong with. */
function settingOf(path: KeyPath): KeyPath {
  if (!isList(path[0])) return path.slice(0, 2);
  return path.slice(0, path[2] === 'variables' ? 4 : 3);
}

/** Continues "must be …". */
function takesOf(path: KeyPath): string {
  const [list, index, key, variable] = path;
  if (!isList(list)) {
    const name = formatKeyPath(path);
    return isConfigKey(name)
      ? (KEYS.get(name)?.takes as string)
      : `a table: a line "[${name}]" with its keys below it`;
  }
  if (index === undefined)
    return `a list of tables: for each a line "[[${list}]]" with its keys below it`;
  if (key === undefined) return `a table: a line "[[${list}]]" with its keys below it`;
  if (variable !== undefined) return PATTERN_FORM;
  return LIST_KEYS[list].get(String(key))?.takes as string;
}

function unknownKey(path: KeyPath, value: unknown): string {
  const name = formatKeyPath(path);
  const tables = [...Object.keys(SECTIONS), ...Object.keys(LISTS)];
  if (path.length === 1 && (isTable(value) || (Array.isArray(value) && value.some(isTable)))) {
    const near = nearest(name, tables);
    if (near) return `no such table; did you mean ${isList(near) ? `[[${near}]]` : `[${near}]`}?`;
    return `no such table, must be one of ${tables.join(', ')}`;
  }
  const [first] = path;
  const keys = isList(first)
    ? [...LIST_KEYS[first].keys()]
    : Object.keys(SECTIONS[first as keyof typeof SECTIONS] ?? {});
  // By its own name alone, which the rest of a long path would drown.
  const sibling = isList(first) ? nearest(String(path.at(-1)), keys) : undefined;
  const near = sibling
    ? formatKeyPath([...path.slice(0, -1), sibling])
    : nearest(name, KEYS.keys());
  if (near) return `no such key; did you mean ${near}?`;
  return keys.length > 0
    ? `no such key, must be one of ${keys.join(', ')}`
    : `no such key; every key stands in one of the tables ${tables.join(', ')}`;
}

function isList(name: unknown): name is ListName {
  return typeof name === 'string' && Object.hasOwn(LISTS, name);
}

function valueAt(input: unknown, path: KeyPath): unknown {
  let value = input;
  for (const part of path)
    value =
      isTable(value) || (Array.isArray(value) && typeof part === 'number')
        ? (value as Table)[part]
        : undefined;
  return value;
}

/** A value as one would write it, short enough for a line. */
function shown(path: KeyPath, value: unknown): string {
  if (value === undefined) return 'missing';
  if (isSecret(path) || holdsPassword(path, value)) return HIDDEN;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number') return String(value);
  if (isTable(value)) return 'a table';
  if (Array.isArray(value) && value.some((member) => typeof member === 'object')) return 'a list';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** `USER@DOMAIN:PASSWORD` is what FreeSWITCH's own userauth takes, so that somebody writes it. */
function holdsPassword(path: KeyPath, value: unknown): boolean {
  return path.at(-1) === 'user' && typeof value === 'string' && value.includes(':');
}

const MAX_SHOWN = 80;
