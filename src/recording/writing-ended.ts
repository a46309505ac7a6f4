import { RstError, systemCode } from '../errors.ts';

/** What ended the writing of a file, in a sentence; an error that is one already stays. */
export function writingEnded(path: string, error: unknown): RstError {
  if (error instanceof RstError) return error;
  const code = systemCode(error) ?? String(error);
  return new RstError('RST_RECORDING', `${path}: writing ended with ${code}`, { cause: error });
}
