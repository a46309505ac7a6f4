import type { Packet } from './packet.ts';

/**
 * True where a packet is 0xFF throughout: what FreeSWITCH hands on where it has nothing to read, whatever the
 * codec. It stands for silence, which it is in μ-law only; elsewhere it would be a click.
 */
export function isFiller({ payload }: Packet): boolean {
  for (let i = 0; i < payload.length; i++) if (payload[i] !== 0xff) return false;
  return true;
}
