import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { systemCode } from '../errors.ts';

/** Binds a UDP port and lets go of it: null where that worked, else the system's code, such as EADDRINUSE. */
export function tryUdpPort(host: string, port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.once('error', (error) => socket.close(() => resolve(systemCode(error) ?? 'UNKNOWN')));
  socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(null)));
  return promise;
}
