import type { Channel, ChannelInfo } from '../call/index.ts';
import { readVariables, textOf, timeOf } from './channel-reader.ts';
import type { EslEvent } from './event.ts';
import type { TapReport } from './tap-report.ts';
import type { Watch } from './watch.ts';

/** What happened, and when it was heard on the process's monotonic clock. */
export interface Heard {
  event: EslEvent;
  atNs: number;
}

/** Two channels talk. `b` is null where nobody knows it. */
export function noteBridge({ event, atNs }: Heard, a: Channel, b: Channel | null): void {
  const uuid = textOf(event, 'Bridge-B-Unique-ID');
  const told = {
    uuid,
    number:
      textOf(event, 'Other-Leg-Callee-ID-Number') || textOf(event, 'Other-Leg-Destination-Number'),
  };
  bridged(a, b ? partnerOf(b.info) : told, atNs);
  if (b) bridged(b, partnerOf(a.info), atNs);
  a.info.calleeName ||= textOf(event, 'Caller-Callee-ID-Name');
}

export function noteUnbridge({ atNs }: Heard, a: Channel | null, b: Channel | null): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    // A bridge that came before this one's end was heard counts.
    if (!one?.info.bridgedTo || (other && one.info.bridgedTo !== other.info.uuid)) continue;
    one.info.bridgedTo = null;
    one.note({ atNs, event: 'unbridged', text: other ? describe(partnerOf(other.info)) : '' });
  }
}

export function noteHold({ event, atNs }: Heard, watch: Watch): void {
  const isHeld = event.name === 'CHANNEL_HOLD';
  watch.isHeld = isHeld;
  watch.channel.note({ atNs, event: isHeld ? 'held' : 'unheld', text: '' });
}

/**
 * No event tells of a transfer: it shows in the next one of the channel.
 *
 *     1795265262:e98871d7-…:bl_xfer:9214/default/XML     seconds, an id, the way, where to
 */
export function noteTransfer({ event, atNs }: Heard, watch: Watch): void {
  const source = textOf(event, 'Caller-Transfer-Source');
  if (source === '' || source === watch.transferSource) return;
  watch.transferSource = source;
  const [, way = '', target = source] = /^\d+:[^:]*:([^:]*):(.*)$/s.exec(source) ?? [];
  const words = WAYS.get(way) ?? 'to';
  watch.channel.note({ atNs, event: 'transferred', text: `${words} ${target}` });
}

const WAYS: ReadonlyMap<string, string> = new Map([
  ['bl_xfer', 'to'],
  ['att_xfer', 'after a talk, to'],
  ['uuid_br', 'to the channel'],
]);

export function noteRename({ atNs }: Heard, channel: Channel, oldUuid: string): void {
  channel.note({ atNs, event: 'renamed', text: `from ${oldUuid} to ${channel.info.uuid}` });
}

export function noteCodec({ event, atNs }: Heard, channel: Channel): void {
  const { info } = channel;
  const read = codecOf(event, 'read') || info.readCodec;
  const write = codecOf(event, 'write') || info.writeCodec;
  if (read === info.readCodec && write === info.writeCodec) return;
  const text = `read ${info.readCodec} to ${read}, write ${info.writeCodec} to ${write}`;
  info.readCodec = read;
  info.writeCodec = write;
  channel.note({ atNs, event: 'codec-changed', text });
}

/** What the module says of a tap of the channel. */
export function noteTap({ atNs }: Heard, channel: Channel, report: TapReport): void {
  const { kind, destination, reason, packets } = report;
  const sent = kind === 'stop' && packets !== '' ? `, ${packets} packets sent` : '';
  channel.note({ atNs, event: TAP_NOTES[kind], text: `to ${destination}: ${reason}${sent}` });
}

const TAP_NOTES = { start: 'tap-started', stop: 'tap-ended', error: 'tap-trouble' } as const;

/** `variables`: those that are kept; some are known at the end only. */
export function noteHangup(
  { event, atNs }: Heard,
  channel: Channel,
  variables: readonly string[],
): void {
  const { info } = channel;
  info.hangupCause = textOf(event, 'Hangup-Cause') || null;
  info.hungUpAtMs = timeOf(event, 'Caller-Channel-Hangup-Time');
  info.answeredAtMs ??= timeOf(event, 'Caller-Channel-Answered-Time');
  info.variables = { ...info.variables, ...readVariables(event, variables) };
  channel.note({ atNs, event: 'hung-up', text: info.hangupCause ?? '' });
}

interface Partner {
  uuid: string;
  number: string;
}

/** Who is at the other end of a channel: whoever it called, or whoever calls by it. */
function partnerOf({ uuid, direction, calleeNumber, callerNumber }: ChannelInfo): Partner {
  return { uuid, number: direction === 'outbound' ? calleeNumber : callerNumber };
}

function describe({ uuid, number }: Partner): string {
  return number === '' ? `with ${uuid}` : `with ${number} (${uuid})`;
}

function bridged(channel: Channel, partner: Partner, atNs: number): void {
  channel.info.bridgedTo = partner.uuid;
  channel.note({ atNs, event: 'bridged', text: describe(partner) });
}

/** The event writes the new one in small letters, beside what all events of a channel say. */
function codecOf(event: EslEvent, way: 'read' | 'write'): string {
  const header = way === 'read' ? 'Channel-Read-Codec-Name' : 'Channel-Write-Codec-Name';
  return textOf(event, header.toLowerCase()) || textOf(event, header);
}
