import { parse } from 'smol-toml';
import { formatKeyPath, type KeyPath } from './key-path.ts';

/**
 * The line (from 1) on which each key and table of a TOML document first stands, by its dotted path
 * as `formatKeyPath` writes it. The document must be one that smol-toml takes, since that reports no
 * positions and this reports no errors; of any other text the answer is arbitrary, but it comes.
 *
 * Keys of inline tables are found too, and so are the tables of a list with their keys, whichever way
 * the list is written: `rules`, `rules[0]`, `rules[0].caller`.
 */
export function locateKeys(toml: string): ReadonlyMap<string, number> {
  return new Scanner(toml).run();
}

class Scanner {
  readonly #lines = new Map<string, number>();
  /** How many tables each list of `[[…]]` has so far, by the list's path. */
  readonly #lists = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #line = 1;
  #countedTo = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Map<string, number> {
    let table: KeyPath = [];
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      const before = this.#at;
      if (this.#char() === '[') table = this.#header();
      else this.#pair(table);
      if (this.#at === before) this.#at++;
    }
    return this.#lines;
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  /** Spaces, line ends, comments, and the commas of arrays and inline tables. */
  #skipBlank(): void {
    this.#skip(/(?:[ \t\r\n,]+|#[^\n]*)*/y);
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** Reads `[table]` or `[[list]]`; a list on the way to it means the table that the list has got last. */
  #header(): KeyPath {
    const isList = this.#text.startsWith('[[', this.#at);
    while (this.#char() === '[') this.#at++;
    const parts = this.#key(null);
    while (this.#char() === ']') this.#at++;
    const path: PropertyKey[] = [];
    for (const [index, part] of parts.entries()) {
      path.push(part);
      this.#note(path);
      const list = formatKeyPath(path);
      const count = this.#lists.get(list) ?? 0;
      if (isList && index === parts.length - 1) {
        this.#lists.set(list, count + 1);
        path.push(count);
        this.#note(path);
      } else if (count > 0) {
        path.push(count - 1);
      }
    }
    return path;
  }

  #pair(table: KeyPath): void {
    const path = this.#key(table);
    if (this.#char() === '=') this.#at++;
    this.#skip(/[ \t]*/y);
    this.#value(path);
  }

  /** Reads a dotted key and returns its whole path; in a table it also notes the line of each of its parts. */
  #key(table: KeyPath | null): KeyPath {
    const path = [...(table ?? [])];
    this.#skip(/[ \t]*/y);
    this.#note(null);
    do {
      path.push(unquote(this.#skip(/"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+/y)));
      if (table) this.#note(path);
    } while (this.#skip(/[ \t]*\.[ \t]*/y));
    this.#skip(/[ \t]*/y);
    return path;
  }

  #note(path: KeyPath | null): void {
    for (; this.#countedTo < this.#at; this.#countedTo++)
      if (this.#text[this.#countedTo] === '\n') this.#line++;
    if (!path) return;
    const name = formatKeyPath(path);
    if (!this.#lines.has(name)) this.#lines.set(name, this.#line);
  }

  /** Passes over a value. */
  #value(path: KeyPath): void {
    switch (this.#char()) {
      case '"':
        // A string of three quotes may end in up to two more that are its own.
        this.#skip(/"""(?:\\[\s\S]|[^\\])*?"{3,5}|"(?:\\.|[^"\\\n])*"?/y);
        break;
      case "'":
        this.#skip(/'''[\s\S]*?'{3,5}|'[^'\n]*'?/y);
        break;
      case '[': {
        let index = 0;
        this.#members(']', () => this.#value([...path, index++]));
        break;
      }
      case '{':
        if (typeof path.at(-1) === 'number') this.#note(path);
        this.#members('}', () => this.#pair(path));
        break;
      default:
        this.#skip(/[^,\]}#\n]*/y);
    }
  }

  #members(end: string, member: () => void): void {
    this.#at++;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      const before = this.#at;
      if (this.#char() === end) break;
      member();
      if (this.#at === before) this.#at++;
    }
    this.#at++;
  }
}

function unquote(raw: string): string {
  if (raw.startsWith("'")) return raw.slice(1, -1);
  if (!raw.startsWith('"')) return raw;
  if (!raw.includes('\\')) return raw.slice(1, -1);
  // Rare, so the escapes of a key are left to the parser that took them before.
  try {
    return String(parse(`key = ${raw}`).key);
  } catch {
    return raw;
  }
}
