import type { PortRange } from '../config/index.ts';
import type { Link } from '../esl/index.ts';
import type { Verdict } from './check.ts';
import { isOwnAddress } from './own-address.ts';
import { failed, ok } from './verdict.ts';
import { xmlParams } from './xml-params.ts';

/** What FreeSWITCH takes where switch.conf.xml says nothing (switch_rtp.c). */
const RTP_DEFAULT: PortRange = { first: 16384, last: 32768 };

/** Whether FreeSWITCH and the media ports want the same ports of one machine. */
export async function checkBoxRtpPorts(link: Link, mediaPorts: PortRange): Promise<Verdict> {
  const params = xmlParams(
    await link.api('xml_locate configuration configuration name switch.conf'),
  );
  const rtp: PortRange = {
    first: Number(params.get('rtp-start-port')) || RTP_DEFAULT.first,
    last: Number(params.get('rtp-end-port')) || RTP_DEFAULT.last,
  };
  const range = `its RTP ports are ${rtp.first}-${rtp.last}`;
  if (!isOwnAddress(link.remoteAddress)) return ok(`${range}, on another machine`);
  const { first, last } = mediaPorts;
  if (last < rtp.first || first > rtp.last)
    return ok(`${range}, on this machine, clear of media.ports ${first}-${last}`);
  return failed(
    `${range}, on this machine, and media.ports ${first}-${last} overlap them: calls can fail with "Bind Error!"`,
    'choose media.ports outside of them, or change rtp-start-port and rtp-end-port in switch.conf.xml',
  );
}
