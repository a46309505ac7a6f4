import { RstError } from '../errors.ts';

/** Decimal and binary units are told apart as IEC 80000-13 does: 1 KB is 1000 bytes, 1 KiB is 1024. */
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
]);

/** What a person may write, for messages. */
export const SIZE_FORM = 'a size such as "64KB", "250MB", "1GiB" or a plain number of bytes';

/**
 * Bytes of `"64KB"`, `"250MB"`, `"1GiB"` (upper or lower case) or of a plain whole number.
 *
 * @throws RstError RST_CONFIG
 */
export function parseSize(value: string | number): number {
  const [, digits, unit] = /^(\d+) ?([a-z]*)$/.exec(String(value).trim().toLowerCase()) ?? [];
  const unitBytes = UNIT_BYTES.get(unit ?? '');
  if (digits === undefined || unitBytes === undefined)
    throw new RstError('RST_CONFIG', `${JSON.stringify(value)} is not ${SIZE_FORM}.`);
  const sizeBytes = Number(digits) * unitBytes;
  if (!Number.isSafeInteger(sizeBytes))
    throw new RstError('RST_CONFIG', `${JSON.stringify(value)} is larger than a size can be.`);
  return sizeBytes;
}

/** The text with the fewest digits that `parseSize` reads as so many bytes. */
export function formatSize(sizeBytes: number): string {
  let count = sizeBytes;
  let unit = '';
  for (const larger of ['KB', 'KiB', 'MB', 'MiB', 'GB', 'GiB', 'TB', 'TiB']) {
    const largerCount = sizeBytes / (UNIT_BYTES.get(larger.toLowerCase()) as number);
    if (!Number.isInteger(largerCount) || String(largerCount).length >= String(count).length)
      continue;
    count = largerCount;
    unit = larger;
  }
  return `${count}${unit}`;
}
