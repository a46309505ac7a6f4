import type { Packet } from '../audio/index.ts';

/** FreeSWITCH's own filler, 0xFF throughout whatever the codec: silence. The writer can't tell it once it is converted. */
export function isFiller({ bytes, start, end }: Packet): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0xff) return false;
  return true;
}
