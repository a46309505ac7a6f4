import { type Address, formatAddress } from './address.ts';
import type { CheckResult } from './check.ts';
import { ownAddresses } from './own-address.ts';
import { runCheck } from './run-check.ts';
import type { Surroundings, TrialServer } from './surroundings.ts';
import { checkUdpPath } from './udp-path.ts';
import { tryUdpPort } from './udp-port.ts';
import { ok } from './verdict.ts';

/**
 * Whether the control port can be had, or who has it, and whether an answer comes from each place that a
 * FreeSWITCH is told; where none is told any, from this machine's own. Returns whether a server runs here.
 */
export async function* checkControlPort(
  told: readonly Address[],
  surroundings: Surroundings,
): AsyncGenerator<CheckResult, 'running' | 'none'> {
  const { config } = surroundings;
  const { host, port } = config.server;
  const place = formatAddress({ address: host, port });
  const name = 'control port';
  if ((await tryUdpPort(host, port)) === 'EADDRINUSE') {
    yield { name, ...ok(`${place} is taken, by the server that runs if it answers below`) };
    const isAnswered = yield* checkPaths(told, port, 'running', surroundings);
    return isAnswered ? 'running' : 'none';
  }
  const started: TrialServer[] = [];
  try {
    yield await runCheck(
      name,
      async () => {
        // Whatever is wrong with the port, the server has the words for.
        started.push(await surroundings.startServer(trialConfig(surroundings)));
        return ok(`${place} is free, and a server started for this check listens there`);
      },
      'change server.host, server.port or media.ports',
      surroundings.signal,
    );
    for (const { controlPort } of started)
      yield* checkPaths(told, controlPort, 'trial', surroundings);
  } finally {
    for (const server of started) await server.close();
  }
  return 'none';
}

/** Returns false where one of them has failed. */
async function* checkPaths(
  told: readonly Address[],
  controlPort: number,
  listener: 'trial' | 'running',
  surroundings: Surroundings,
): AsyncGenerator<CheckResult, boolean> {
  const { host } = surroundings.config.server;
  const places = told.length > 0 ? told : [{ address: reachableAt(host), port: 0 }];
  const distinct = new Map(
    places.map(({ address, port }) => {
      const place = { address, port: port || controlPort };
      return [formatAddress(place), place];
    }),
  );
  let isAnswered = true;
  for (const [text, place] of distinct) {
    const result = await runCheck(
      `UDP to ${text}`,
      () => checkUdpPath(place, listener, surroundings),
      'look at the addresses of this machine, and at advertise',
      surroundings.signal,
    );
    if (result.status === 'failed') isAnswered = false;
    yield result;
  }
  return isAnswered;
}

/** The same server, but that it hears nobody except this machine. */
function trialConfig({ config }: Surroundings): Surroundings['config'] {
  const allow = ['127.0.0.0/8', '::1', ...ownAddresses()];
  return { ...config, server: { ...config.server, allow, allowsBoxes: false } };
}

function reachableAt(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
