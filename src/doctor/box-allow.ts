import { isIP } from 'node:net';
import { AllowList } from '../capture/index.ts';
import type { Config } from '../config/index.ts';
import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { moduleKind } from './module-kind.ts';
import { isOwnAddress } from './own-address.ts';
import { failed, ok, warning } from './verdict.ts';
import { xmlParams } from './xml-params.ts';

/** Whether `server.allow` lets in what the taps of this box send. */
export async function checkBoxAllow(link: Link, { server }: Config): Promise<Verdict> {
  const allow = new AllowList(server.allow);
  // As the daemon does, once it knows the address.
  if (server.allowsBoxes) allow.admit(link.remoteAddress);
  const seen = link.remoteAddress;
  const local = await localAddressOf(link);
  const sender = isIP(local) === 0 ? seen : local;
  if (allow.allows(sender)) return ok(`server.allow lets ${sender} in`);
  const todo = `write ${allow.lineFor(sender)} below [server]`;
  const refused = `its taps send from ${sender}, which server.allow does not let in`;
  // On its way from another machine the address may become another one.
  return allow.allows(seen) && !isOwnAddress(seen)
    ? warning(refused, `${todo}, unless a NAT makes ${seen} of it`)
    : failed(refused, todo);
}

/**
 * What the module sends from: the prebuilt one from what FreeSWITCH takes for its own address, on whatever
 * way. Empty for the one of the network card.
 */
async function localAddressOf(link: Link): Promise<string> {
  if ((await moduleKind(link)) !== 'ours')
    return (await link.api('global_getvar local_ip_v4')).trim();
  const params = xmlParams(await link.api('xml_locate configuration configuration name rst.conf'));
  return params.get('local-ip') ?? '';
}
