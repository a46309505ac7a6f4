import { RstError } from '../errors.ts';
import { parsePercentage } from './percentage.ts';
import { parseSize } from './size.ts';

/** How much of a disk is to stay free: the smaller of the two. */
export interface MinFree {
  bytes: number;
  /** Of the whole disk. */
  percent: number;
}

/** What a person may write, for messages. */
export const MIN_FREE_FORM =
  'a size such as "1GB", a percentage such as "2%", or "1GB or 2%" for the smaller of both, or 0';

/**
 * `"1GB"`, `"2%"` or `"1GB or 2%"`; what is left out is no limit, and 0 is none at all.
 *
 * @throws RstError RST_CONFIG
 */
export function parseMinFree(value: string | number): MinFree {
  const parts = String(value).split(/\s+or\s+/i);
  const percents = parts.filter((part) => part.includes('%'));
  const sizes = parts.filter((part) => !part.includes('%'));
  if (percents.length > 1 || sizes.length > 1)
    throw new RstError('RST_CONFIG', `${JSON.stringify(value)} is not ${MIN_FREE_FORM}.`);
  return {
    bytes: sizes[0] === undefined ? Infinity : parseSize(sizes[0]),
    percent: percents[0] === undefined ? 100 : parsePercentage(percents[0]),
  };
}
