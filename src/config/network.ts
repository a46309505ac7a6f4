import { isIP } from 'node:net';

/** What a person may write, for messages. */
export const NETWORK_FORM =
  'each an address or a network such as "192.0.2.10", "10.0.0.0/8" or "2001:db8::/32"';

/** True for an IPv4 or IPv6 address, and for one with a prefix length behind a `/`. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || address.includes('%')) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
