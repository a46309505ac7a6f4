import type { core } from 'zod';
import { formatKeyPath } from './key-path.ts';
import { isConfigKey, KEYS } from './keys.ts';
import { nearest } from './nearest.ts';
import { SECTIONS } from './schema.ts';

/** What is wrong at one key or table of the configuration, and what would be right. */
export interface Problem {
  /** Dotted, as `formatKeyPath` writes it. */
  path: string;
  text: string;
}

/** Puts the schema's findings about `input` into words, one for each key or table. */
export function describeIssues(
  issues: readonly core.$ZodIssue[],
  input: Readonly<Record<string, unknown>>,
): Problem[] {
  const problems = new Map<string, string>();
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const path = [...issue.path, key];
        problems.set(formatKeyPath(path), unknownKey(path, valueAt(input, path)));
      }
      continue;
    }
    const path = issue.path.slice(0, 2);
    const name = formatKeyPath(path);
    const takes = isConfigKey(name)
      ? KEYS.get(name)?.takes
      : `a table: a line "[${name}]" with its keys below it`;
    problems.set(name, `is ${shown(valueAt(input, path))}, must be ${takes}`);
  }
  return [...problems].map(([path, text]) => ({ path, text }));
}

function unknownKey(path: readonly PropertyKey[], value: unknown): string {
  const name = formatKeyPath(path);
  if (path.length === 1 && isTable(value)) {
    const section = nearest(name, Object.keys(SECTIONS));
    return section
      ? `no such table; did you mean [${section}]?`
      : `no such table, must be one of ${Object.keys(SECTIONS).join(', ')}`;
  }
  const near = nearest(name, KEYS.keys());
  if (near) return `no such key; did you mean ${near}?`;
  const keys = Object.keys(SECTIONS[path[0] as keyof typeof SECTIONS] ?? {});
  return keys.length > 0
    ? `no such key, must be one of ${keys.join(', ')}`
    : `no such key; every key stands in one of the tables ${Object.keys(SECTIONS).join(', ')}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) value = isTable(value) ? value[part] : undefined;
  return value;
}

function isTable(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as one would write it, short enough for a line. */
function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number') return String(value);
  if (isTable(value)) return 'a table';
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const MAX_SHOWN = 80;
