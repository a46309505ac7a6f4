/** A key's way from the top of the file: names of tables and keys, and the index (from 0) behind the name of a list. */
export type KeyPath = readonly PropertyKey[];

/**
 * The dotted text of a key's path as one would write it in TOML: a part that is not bare is quoted, and
 * a table of a list has its index in brackets: `freeswitch[0].host`.
 */
export function formatKeyPath(parts: KeyPath): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${quoteUnlessBare(String(part))}`;
  }
  return text;
}

function quoteUnlessBare(part: string): string {
  return /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
}
