import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { errorText, RstError } from '../errors.ts';

/** The server's control socket. The address is a literal one: nothing is looked up per packet. */
export interface Target {
  address: string;
  family: 4 | 6;
  port: number;
}

/** @throws RstError RST_NOT_REACHABLE where the name has no address. */
export async function resolveTarget(host: string, port: number): Promise<Target> {
  try {
    // IPv4 first: a server listens on 0.0.0.0 by default, and UDP cannot try one address after the other.
    const { address, family } = await lookup(host, { order: 'ipv4first' });
    return { address, family: family === 6 ? 6 : 4, port };
  } catch (error) {
    throw new RstError('RST_NOT_REACHABLE', `${host} has no address: ${errorText(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Reads `host`, `host:port`, `[::1]:port` or an IPv6 address without a port.
 *
 * @throws RstError RST_USAGE where it is none of these.
 */
export function parseTarget(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (isIPv6(text)) return { host: text, port: defaultPort };
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw new RstError(
      'RST_USAGE',
      `${text} is no address of a server; write it as host:port, for example 127.0.0.1:9527.`,
    );
  return { host, port };
}
