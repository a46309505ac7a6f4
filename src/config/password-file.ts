import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { RstError } from '../errors.ts';
import { readFailure } from './read-failure.ts';

/** The permission of everybody else to read a file. */
const OTHERS_READ = 0o004;

export interface PasswordFile {
  password: string;
  isWorldReadable: boolean;
}

/**
 * Reads a password that stands alone in a file. The line end behind it is none of it.
 *
 * @throws RstError RST_CONFIG, without what the file holds
 */
export function readPasswordFile(path: string): PasswordFile {
  let text: string;
  let mode: number;
  try {
    const descriptor = openSync(path, 'r');
    try {
      mode = fstatSync(descriptor).mode;
      text = readFileSync(descriptor, 'utf8').replace(/\r?\n$/, '');
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new RstError('RST_CONFIG', `${path} cannot be read: ${readFailure(error)}`, {
      cause: error,
    });
  }
  if (text === '' || /[\r\n\0]/.test(text))
    throw new RstError(
      'RST_CONFIG',
      `${path} must hold the password on one line and nothing else; it is ${text === '' ? 'empty' : 'longer'}`,
    );
  return { password: text, isWorldReadable: (mode & OTHERS_READ) !== 0 };
}
