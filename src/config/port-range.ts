import { RstError } from '../errors.ts';

/** Both ends belong to the range. */
export interface PortRange {
  first: number;
  last: number;
}

/** What a person may write, for messages. */
export const PORT_RANGE_FORM =
  'a range "FIRST-LAST" of at least 2 ports from 1 to 65535, such as "10000-16383"';

/**
 * The range of `"10000-16383"`. A call takes one port for each leg, so fewer than two are refused.
 *
 * @throws RstError RST_CONFIG
 */
export function parsePortRange(text: string): PortRange {
  const match = /^(\d{1,5}) ?- ?(\d{1,5})$/.exec(text.trim());
  const first = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (!match || first < 1 || last > 65535 || last <= first)
    throw new RstError('RST_CONFIG', `${JSON.stringify(text)} is not ${PORT_RANGE_FORM}.`);
  return { first, last };
}
