import { isIPv6 } from 'node:net';

/** An address or host name and a UDP port. */
export interface Address {
  address: string;
  port: number;
}

export function formatAddress({ address, port }: Address): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
