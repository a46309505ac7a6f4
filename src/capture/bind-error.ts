import { isIPv6 } from 'node:net';
import { errorText, RstError, systemCode } from '../errors.ts';

/** Why the control port can't be bound, and what to do. */
export function bindError(error: unknown, host: string, port: number): RstError {
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new RstError(
        'RST_PORT_IN_USE',
        `control port ${place} is in use by another process; stop that one or choose another server.port`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new RstError(
        'RST_ADDRESS',
        `server.host ${host} is no address of this machine; use 0.0.0.0 for all of them`,
        { cause: error },
      );
    case 'EACCES':
      return new RstError(
        'RST_PORT_IN_USE',
        `control port ${place} needs more rights than this user has; choose a server.port above 1023`,
        { cause: error },
      );
    default:
      return new RstError('RST_ADDRESS', `control port ${place}: ${errorText(error)}`, {
        cause: error,
      });
  }
}
