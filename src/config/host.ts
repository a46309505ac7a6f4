import { isIP } from 'node:net';

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * True for an IPv4 or IPv6 literal (without brackets) and for a host name. A name may not end in a
 * label of digits alone (RFC 3696, section 2), so that `10.0.0.300` is no name but a mistake.
 */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const labels = text.replace(/\.$/, '').split('.');
  return (
    text.length <= 253 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) as string)
  );
}
