import type { KeySchema } from './keys.ts';

/**
 * The value that text from the environment or the command line stands for: whatever reading of it
 * the key takes (a list, the text itself, a number, true or false). Where the key takes none of
 * them the text comes back, so that the schema refuses what was really written.
 */
export function fromText(key: KeySchema, text: string): unknown {
  const readings: unknown[] = Array.isArray(key.fallback)
    ? [text.split(',').map((member) => member.trim())]
    : [text];
  const trimmed = text.trim();
  if (/^-?\d+$/.test(trimmed)) readings.push(Number(trimmed));
  if (trimmed === 'true' || trimmed === 'false') readings.push(trimmed === 'true');
  readings.push(trimmed);
  return readings.find((reading) => key.safeParse(reading).success) ?? text;
}
