import { sep } from 'node:path';

/** An absolute path as a manifest has it: below the recordings folder with `/`, absolute where it lies elsewhere. */
export function below(base: string, path: string): string {
  return path.startsWith(base + sep) ? path.slice(base.length + 1).replaceAll(sep, '/') : path;
}
