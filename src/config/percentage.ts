import { RstError } from '../errors.ts';

/** What a person may write, for messages. */
export const PERCENTAGE_FORM = 'a percentage from "0%" to "100%", such as "10%" or "0.5%"';

/**
 * The number of `"10%"` or `"0.5%"`, from 0 to 100.
 *
 * @throws RstError RST_CONFIG
 */
export function parsePercentage(text: string): number {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text.trim()) ?? [];
  const percent = Number(digits);
  // Without digits it is NaN, which is not below anything.
  if (!(percent <= 100))
    throw new RstError('RST_CONFIG', `${JSON.stringify(text)} is not ${PERCENTAGE_FORM}.`);
  return percent;
}
