import { RstError } from '../errors.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** What a person may write, for messages. */
export const DURATION_FORM = 'a duration such as "200ms", "30s", "5m", "1h" or "2d"';

/**
 * Milliseconds of `"200ms"`, `"30s"`, `"5m"`, `"1h"`, `"2d"`, or of a bare zero. Any other bare number
 * is refused, because nothing says whether it counts seconds or milliseconds.
 *
 * @throws RstError RST_CONFIG
 */
export function parseDuration(value: string | number): number {
  if (value === 0 || value === '0') return 0;
  const [, digits, unit] = /^(\d+) ?(ms|s|m|h|d)$/.exec(String(value).trim()) ?? [];
  const unitMs = UNIT_MS.get(unit ?? '');
  if (digits === undefined || unitMs === undefined)
    throw new RstError('RST_CONFIG', `${JSON.stringify(value)} is not ${DURATION_FORM}.`);
  const durationMs = Number(digits) * unitMs;
  if (!Number.isSafeInteger(durationMs))
    throw new RstError('RST_CONFIG', `${JSON.stringify(value)} is longer than a duration can be.`);
  return durationMs;
}

/** The shortest text that `parseDuration` reads as so many milliseconds. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0';
  let text = `${durationMs}ms`;
  for (const [unit, unitMs] of UNIT_MS)
    if (durationMs % unitMs === 0) text = `${durationMs / unitMs}${unit}`;
  return text;
}
