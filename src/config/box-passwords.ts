import { resolve } from 'node:path';
import { errorText } from '../errors.ts';
import type { Box } from './box-schema.ts';
import type { Finding } from './finding.ts';
import { readPasswordFile } from './password-file.ts';
import { isTable } from './table.ts';

/**
 * Gives each box whose table has a `password_file` the password of it. `tables`: what the boxes were
 * made from; a relative path starts at `cwd`.
 */
export function readBoxPasswords(
  boxes: readonly Box[],
  tables: readonly unknown[],
  cwd: string,
): Finding[] {
  return boxes.flatMap((box, index): Finding[] => {
    const table = tables[index];
    if (!isTable(table) || typeof table.password_file !== 'string') return [];
    const path = ['freeswitch', index, 'password_file'];
    if (table.password !== undefined)
      return [
        { path, kind: 'refused', text: 'stands beside password, must be the only one of the two' },
      ];
    const file = resolve(cwd, table.password_file);
    try {
      const { password, isWorldReadable } = readPasswordFile(file);
      box.password = password;
      if (!isWorldReadable) return [];
      const text = `every user of this machine can read ${file}; take that away with "chmod o-r"`;
      return [{ path, kind: 'doubtful', text }];
    } catch (error) {
      return [{ path, kind: 'refused', text: errorText(error) }];
    }
  });
}
