import { isIPv6 } from 'node:net';
import { RstError } from '../errors.ts';
import { isHost } from './host.ts';

/** Where a FreeSWITCH is told to send a call's audio; without a port it is the control port. */
export interface Advertised {
  /** An address (IPv6 without brackets) or a host name. */
  host: string;
  port: number | null;
}

/** What a person may write, for messages. */
export const ADVERTISE_FORM =
  'an address or host name, with or without a port, such as "192.0.2.5", "recorder:9527" or "[2001:db8::5]:9527"';

/**
 * Reads `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`.
 *
 * @throws RstError RST_CONFIG
 */
export function parseAdvertised(text: string): Advertised {
  if (isIPv6(text)) return { host: text, port: null };
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? null : Number(digits);
  const isHostRight = bracketed === undefined ? isHost(host) : isIPv6(host);
  if (!isHostRight || port === 0 || (port ?? 0) > 65535)
    throw new RstError('RST_CONFIG', `${JSON.stringify(text)} is not ${ADVERTISE_FORM}.`);
  return { host, port };
}
