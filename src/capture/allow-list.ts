import { BlockList, isIPv6 } from 'node:net';

/** `server.allow`: the networks whose datagrams are looked at. */
export class AllowList {
  readonly #networks: string[] = [];
  // A list of what is blocked by name, a list of networks by nature.
  readonly #list = new BlockList();

  /** `networks`: addresses and CIDRs, IPv4 and IPv6, as the configuration has checked them. */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** Lets in an address that the configuration gave by its name; false where it was let in before. */
  admit(address: string): boolean {
    if (this.allows(address)) return false;
    this.#add(plainOf(address));
    return true;
  }

  #add(network: string): void {
    this.#networks.push(network);
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(prefix), family);
  }

  /** `address` as a socket tells it: an IPv6 one may be a mapped IPv4 one, or end in `%interface`. */
  allows(address: string): boolean {
    const [plain = ''] = address.split('%');
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
    if (mapped?.[1]) return this.#list.check(mapped[1], 'ipv4') || this.#list.check(plain, 'ipv6');
    return this.#list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }

  /** The line of the configuration that would let `address` in as well. */
  lineFor(address: string): string {
    const all = [...this.#networks, plainOf(address)].map((network) => JSON.stringify(network));
    return `allow = [${all.join(', ')}]`;
  }
}

/** Without the name of an interface, and a mapped IPv4 address as that. */
function plainOf(address: string): string {
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  return plain;
}
