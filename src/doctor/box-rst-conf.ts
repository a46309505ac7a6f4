import type { Link } from '../esl/index.ts';
import { type Address, formatAddress } from './address.ts';
import type { Verdict } from './check.ts';
import { dialplanTaps } from './dialplan-taps.ts';
import { moduleKind } from './module-kind.ts';
import { isOwnAddress } from './own-address.ts';
import { resolveAddress } from './resolve-address.ts';
import { ok, warning } from './verdict.ts';
import { xmlParams } from './xml-params.ts';

/** What the module in mod_rst/ takes where rst.conf.xml says nothing. */
const OUR_DEFAULT = { address: '127.0.0.1', port: '9527' };

/**
 * Where `rst.conf.xml` sends the calls that a dialplan taps. The prebuilt module passes over what the
 * dialplan itself says of the place. `told`: where this box is told to send.
 */
export async function checkBoxRstConf(link: Link, told: Address): Promise<Verdict> {
  if (told.port === 0) return ok('not checked: server.port is 0, which is any free one');
  const params = xmlParams(await link.api('xml_locate configuration configuration name rst.conf'));
  const isOurs = (await moduleKind(link)) === 'ours';
  const address = params.get('udp-server-ip') ?? (isOurs ? OUR_DEFAULT.address : undefined);
  const port = params.get('udp-server-port') ?? (isOurs ? OUR_DEFAULT.port : undefined);
  if (!address || !port) {
    const found = 'there is no rst.conf.xml that names a server';
    const { taps } = await dialplanTaps(link);
    if (taps.length === 0) return ok(`${found}, and no dialplan that needs one`);
    return warning(
      `${found}, so a tap that the dialplan starts goes nowhere`,
      'copy conf/freeswitch/rst.conf.xml into autoload_configs and reload mod_rst',
    );
  }
  const named = { address, port: Number(port) };
  const place = formatAddress(named);
  if (await isSame(named, told, link)) return ok(`${place}, which is here`);
  return warning(
    `a tap that a dialplan starts${isOurs ? ' without naming a place' : ''} goes to ${place}; this server is ${formatAddress(told)}`,
    `change udp-server-ip and udp-server-port in rst.conf.xml and ${isOurs ? 'say reloadxml' : 'reload mod_rst'}, unless no dialplan taps or another server is meant`,
  );
}

async function isSame(named: Address, told: Address, link: Link): Promise<boolean> {
  if (named.port !== told.port) return false;
  const address = (await resolveAddress(told))?.address ?? told.address;
  // On one machine all of its addresses lead here.
  const isHere = (each: string) => isOwnAddress(each) && isOwnAddress(link.remoteAddress);
  return named.address === address || (isHere(named.address) && isHere(address));
}
