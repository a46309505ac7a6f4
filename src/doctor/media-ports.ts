import type { Config } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { tryUdpPort } from './udp-port.ts';
import { failed, ok, warning } from './verdict.ts';

/** So many ports are tried where the range has more. */
const MAX_TRIED = 512;
/** Where fewer than this part of the range is left, somebody should look. */
const FEW = 1 / 2;

/**
 * How many of the media ports can be had right now, and how many calls that is. A server that runs keeps
 * those of its calls, and some ready for the next ones.
 */
export async function checkMediaPorts(
  { media, server }: Config,
  listener: 'running' | 'none',
  signal: AbortSignal,
): Promise<Verdict> {
  const { first, last } = media.ports;
  const ports = last - first + 1;
  const tried = Math.min(ports, MAX_TRIED);
  let free = 0;
  let reason = '';
  for (let i = 0; i < tried; i++) {
    signal.throwIfAborted();
    const code = await tryUdpPort(server.host, first + Math.floor((i * ports) / tried));
    if (code === null) free++;
    else reason = code;
  }
  const calls = Math.floor((ports * free) / tried / 2);
  const found = `${free} of ${tried} tried ports of ${first}-${last} can be had, which is room for ${tried < ports ? 'about ' : ''}${calls} calls`;
  if (listener === 'running' && (calls > 0 || reason === 'EADDRINUSE'))
    return ok(
      `${free} of ${tried} tried ports of ${first}-${last} can be had beside those that the server that runs has`,
    );
  if (calls === 0)
    return failed(
      `${found} (${reason})`,
      reason === 'EADDRINUSE'
        ? 'choose other media.ports, or stop what has them (ss -lunp)'
        : 'look at server.host, which they are bound at, and at media.ports',
    );
  if (free < tried * FEW)
    return warning(`${found} (${reason})`, 'see what has the others (ss -lunp)');
  return ok(found);
}
