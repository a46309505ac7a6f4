import { isIPv6, SocketAddress } from 'node:net';
import type { Box } from './box-schema.ts';
import type { Finding } from './finding.ts';
import { isLoopback } from './loopback.ts';

/** Looks for a box that is configured twice, and for event sockets that can be listened to on their way. */
export function judgeBoxes(boxes: readonly Box[]): Finding[] {
  const findings: Finding[] = [];
  const names = new Map<string, number>();
  const addresses = new Map<string, number>();
  for (const [index, { name, host, port, enabled }] of boxes.entries()) {
    const sameName = names.get(name.toLowerCase());
    const address = `${plainHost(host)} ${port}`;
    const sameAddress = addresses.get(address);
    if (sameAddress !== undefined)
      findings.push({
        path: ['freeswitch', index, 'host'],
        kind: 'refused',
        text: `the event socket ${host} port ${port} is the one of freeswitch[${sameAddress}] already, must stand once, or every call of it would be tapped twice`,
      });
    else if (sameName !== undefined)
      findings.push({
        path: ['freeswitch', index, 'name'],
        kind: 'refused',
        text: `${JSON.stringify(name)} is the name of freeswitch[${sameName}] already, must be another for each box (without a name it is the host)`,
      });
    names.set(name.toLowerCase(), index);
    addresses.set(address, index);
    if (enabled && !isLoopback(host))
      findings.push({
        path: ['freeswitch', index, 'host'],
        kind: 'doubtful',
        text: `the event socket of ${host} is plain text on the network and its password gives full control of that FreeSWITCH; protect it with a VPN, or at least with a firewall and apply-inbound-acl in event_socket.conf.xml`,
      });
  }
  return findings;
}

/** One spelling for what means the same host. */
function plainHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '');
  const [address = ''] = lower.split('%');
  return isIPv6(address)
    ? lower.replace(address, new SocketAddress({ address, family: 'ipv6' }).address)
    : lower;
}
