import { stripVTControlCharacters } from 'node:util';

/** Text of callers and networks as a terminal may get it: without escape sequences and invisible characters. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON on one line, or indented; what a terminal would obey is written as an escape of JSON's. */
export function printableJson(value: unknown, indent?: number): string {
  // JSON itself leaves alone DEL, the control characters behind it and those that turn a line around.
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
