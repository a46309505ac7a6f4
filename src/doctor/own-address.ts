import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** True for an address of this machine, as a socket or an interface tells it. */
export function isOwnAddress(address: string): boolean {
  const plain = plainOf(address);
  return (isIPv4(plain) && plain.startsWith('127.')) || ownAddresses().includes(plain);
}

/** Every address of this machine, loopback first. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all
    .toSorted((a, b) => Number(b.internal) - Number(a.internal))
    .map(({ address }) => plainOf(address));
}

/** Without the name of an interface, and a mapped IPv4 address as that. */
function plainOf(address: string): string {
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  return plain;
}
