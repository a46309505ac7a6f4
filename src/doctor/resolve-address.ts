import { lookup } from 'node:dns/promises';
import type { Address } from './address.ts';

/** The same place with the address of a host name; null where that has none. */
export async function resolveAddress({ address, port }: Address): Promise<Address | null> {
  try {
    return { address: (await lookup(address, { order: 'ipv4first' })).address, port };
  } catch {
    return null;
  }
}
