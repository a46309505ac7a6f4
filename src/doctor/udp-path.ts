import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { AllowList } from '../capture/index.ts';
import { type Address, formatAddress } from './address.ts';
import type { Verdict } from './check.ts';
import { isOwnAddress, ownAddresses } from './own-address.ts';
import { Probe } from './probe.ts';
import { resolveAddress } from './resolve-address.ts';
import type { Surroundings } from './surroundings.ts';
import { failed, ok } from './verdict.ts';

/** Who has the control port. */
export type Listener = 'trial' | 'running';

const LOCAL_ONLY =
  'this does not prove that a firewall between FreeSWITCH and here lets it through';

/**
 * Sends to a place that FreeSWITCH is told. A server that we have started gets a whole call of no audio,
 * one that runs only the BYE of a call that it does not know: it answers, and keeps nothing of it.
 */
export async function checkUdpPath(
  told: Address,
  listener: Listener,
  { config, signal }: Pick<Surroundings, 'config' | 'signal'>,
): Promise<Verdict> {
  const target = await resolveAddress(told);
  if (target === null)
    return failed(`${told.address} has no address`, 'write an address into advertise');
  if (!isOwnAddress(target.address))
    return ok(
      `not checked: ${target.address} is no address of this machine, and what passes it on can't be asked from here`,
    );
  const from = sourceFor(target.address, listener === 'running' ? config.server.allow : null);
  if (from === null)
    return ok('not checked: server.allow lets nothing in that comes from this machine');
  await using probe = await Probe.open(from, target);
  const uuid = `doctor-${randomUUID()}`;
  if (listener === 'trial') {
    const ports = { readPort: probe.localPort, writePort: probe.localPort };
    const ack = await probe.ask(
      { kind: 'inv', uuid, caller: 'doctor', callee: 'doctor', ports },
      signal,
    );
    if (ack === null) return silent(target, config.server.host);
    if (ack.ports === null)
      return failed('INV is answered without media ports', 'choose other media.ports');
  }
  const goodbye = await probe.ask({ kind: 'bye', uuid }, signal);
  if (goodbye === null)
    return listener === 'running'
      ? failed(
          `something has the port, and does not answer a BYE at ${formatAddress(target)}`,
          'see that it is rst-server (ss -lunp), and with this configuration',
        )
      : silent(target, config.server.host);
  return ok(
    `${listener === 'trial' ? 'INV and BYE are answered by a server started for it' : 'the server that runs answers a BYE'}; ${LOCAL_ONLY}`,
  );
}

function silent(target: Address, host: string): Verdict {
  return failed(
    `nothing answers at ${formatAddress(target)}, where FreeSWITCH is told to send; the server listens on ${host}`,
    'let server.host be 0.0.0.0 (or ::) or that address, and advertise the port of it',
  );
}

/** An address of this machine to send from; `allow`: those that are listened to, null for any. */
function sourceFor(target: string, allow: readonly string[] | null): string | null {
  const list = allow === null ? null : new AllowList(allow);
  const candidates = [target, isIPv6(target) ? '::1' : '127.0.0.1', ...ownAddresses()];
  const isFit = (address: string) =>
    isIPv6(address) === isIPv6(target) && (list === null || list.allows(address));
  return candidates.find(isFit) ?? null;
}
