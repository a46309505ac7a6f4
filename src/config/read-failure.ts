import { errorText, systemCode } from '../errors.ts';

/** Why a file could not be read and what to do, as the end of a sentence. */
export function readFailure(error: unknown): string {
  return READ_FAILURES.get(systemCode(error) ?? '') ?? errorText(error);
}

const READ_FAILURES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file; check the path'],
  ['ENOTDIR', 'there is no such file; check the path'],
  ['EISDIR', 'it is a folder; name the file in it'],
  ['EACCES', 'permission denied; make it readable for the user that runs rst-server'],
]);
