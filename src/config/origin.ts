/** Where the value of a key came from. `line` counts from 1. */
export type Origin =
  | { kind: 'default' }
  | { kind: 'file'; file: string; line: number }
  | { kind: 'environment'; variable: string }
  | { kind: 'flag'; flag: string }
  /** From the program that rst-server is a part of. */
  | { kind: 'program' };

/** The beginning of a message about the value of `key` (or of a table of the file): where to look. */
export function formatPlace(origin: Origin, key: string): string {
  switch (origin.kind) {
    case 'default':
      return `default of ${key}`;
    case 'file':
      return `${formatFilePlace(origin.file, origin.line)}: ${key}`;
    case 'environment':
      return `environment ${origin.variable}`;
    case 'flag':
      return origin.flag;
    case 'program':
      return key;
  }
}

/** `FILE:LINE`, the form editors and terminals open. */
export function formatFilePlace(file: string, line: number): string {
  return `${file}:${line}`;
}
