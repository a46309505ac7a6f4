import type { PortRange } from './port-range.ts';

/** FreeSWITCH's own default for rtp-start-port and rtp-end-port (switch.conf.xml). */
const FREESWITCH_RTP: PortRange = { first: 16384, last: 32768 };

export type MediaPortsVerdict =
  | { kind: 'fine' }
  | { kind: 'refused'; text: string }
  | { kind: 'doubtful'; text: string };

/** Says whether the media ports get in the way of the control port or of a FreeSWITCH on this host. */
export function judgeMediaPorts(ports: PortRange, controlPort: number): MediaPortsVerdict {
  const range = `${ports.first}-${ports.last}`;
  if (controlPort >= ports.first && controlPort <= ports.last)
    return {
      kind: 'refused',
      text: `the range ${range} contains the control port ${controlPort}, must leave it out: change media.ports or server.port`,
    };
  if (ports.first <= FREESWITCH_RTP.last && ports.last >= FREESWITCH_RTP.first)
    return {
      kind: 'doubtful',
      text: `the range ${range} overlaps the RTP ports of FreeSWITCH, 16384-32768: live calls on the same host can fail with "Bind Error!"; stay below 16384, or narrow rtp-start-port and rtp-end-port in switch.conf.xml`,
    };
  return { kind: 'fine' };
}
