import { access } from 'node:fs/promises';

/** Whether there is such a file. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
