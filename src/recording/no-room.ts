import type { Disk } from './disk.ts';

/** Why audio was let go, for people. */
export function noRoom({ reason }: Disk): string {
  return `records.max_buffer was used up while the disk failed (${reason})`;
}
