import { createHash } from 'node:crypto';

const HASH_BYTES = 6;

/** True for so many percent of all UUIDs, and always or never for the same one; a larger share has all of a smaller one. */
export function isSampled(uuid: string, percent: number): boolean {
  const hash = createHash('sha256').update(uuid).digest();
  return (hash.readUIntBE(0, HASH_BYTES) / 2 ** (8 * HASH_BYTES)) * 100 < percent;
}
