import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RstError, systemCode } from './errors.ts';

/** The version in package.json, which is two folders above the sources and three above what is published. */
export function packageVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (found.name === 'rst-server') return found.version;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  throw new RstError(
    'RST_USAGE',
    `No package.json of rst-server above ${import.meta.dirname}; install the package again.`,
  );
}
