import { isIP } from 'node:net';
import type { Box } from './box-schema.ts';
import { isLoopback } from './loopback.ts';

/** What `server.allow` needs to have besides this machine, so that the taps of enabled boxes are heard: each address once. */
export function boxAddresses(boxes: readonly Box[]): string[] {
  const addresses = boxes
    .filter(({ enabled, host }) => enabled && isIP(host) !== 0 && !isLoopback(host))
    // The interface of a link-local address says nothing about who sends.
    .map(({ host }) => host.replace(/%.*$/, ''));
  return [...new Set(addresses)];
}
