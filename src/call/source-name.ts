import type { Source } from '../capture/index.ts';

/** `address:port`, as people write it. */
export function nameOfSource({ address, port }: Source): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
