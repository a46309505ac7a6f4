import type { KeyPath } from './key-path.ts';

/** What only a look at several settings, or at the system, finds out about one of them. */
export interface Finding {
  /** The setting to look at. */
  path: KeyPath;
  /** `doubtful`: allowed, but most likely not meant. */
  kind: 'refused' | 'doubtful';
  text: string;
}
