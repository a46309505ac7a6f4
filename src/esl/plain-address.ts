/** An address as a socket tells it: without the interface, and a mapped IPv4 address as that. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
