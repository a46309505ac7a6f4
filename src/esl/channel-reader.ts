import type { ChannelInfo } from '../call/index.ts';
import type { ChannelFacts } from './channel.ts';
import type { EslEvent } from './event.ts';

/** How plain events write a value that is empty. */
const UNDEFINED = '_undef_';

/** A header's value; `''` where it is not there, or there without a value. */
export function textOf(event: EslEvent, header: string): string {
  const value = event.get(header);
  return value === undefined || value === UNDEFINED ? '' : value;
}

/**
 * All that an event or a `uuid_dump` says of its channel. `variables`: those that are kept, by their names
 * without `variable_`.
 */
export function readChannel(
  event: EslEvent,
  box: string,
  variables: readonly string[],
): ChannelInfo {
  const channelName = textOf(event, 'Channel-Name');
  const direction = textOf(event, 'Call-Direction');
  return {
    uuid: textOf(event, 'Unique-ID'),
    box,
    channelName,
    callerName: textOf(event, 'Caller-Caller-ID-Name'),
    callerNumber: textOf(event, 'Caller-Caller-ID-Number'),
    calleeName: textOf(event, 'Caller-Callee-ID-Name'),
    calleeNumber: first(event, 'Caller-Destination-Number', 'Caller-Callee-ID-Number'),
    direction: direction === 'inbound' || direction === 'outbound' ? direction : 'unknown',
    context: textOf(event, 'Caller-Context'),
    profile: textOf(event, 'variable_sofia_profile_name') || sofiaPart(channelName, 1),
    gateway: textOf(event, 'variable_sip_gateway_name') || gatewayOf(channelName),
    domain: first(event, 'variable_domain_name', 'variable_dialed_domain', 'variable_sip_req_host'),
    accountCode: textOf(event, 'variable_accountcode'),
    originator: originatorOf(event, channelName),
    bridgedTo: textOf(event, 'variable_bridge_uuid') || null,
    readCodec: textOf(event, 'Channel-Read-Codec-Name'),
    writeCodec: textOf(event, 'Channel-Write-Codec-Name'),
    answeredAtMs: timeOf(event, 'Caller-Channel-Answered-Time'),
    hungUpAtMs: timeOf(event, 'Caller-Channel-Hangup-Time'),
    hangupCause: textOf(event, 'Hangup-Cause') || null,
    variables: readVariables(event, variables),
  };
}

/** Those of the variables that are set. */
export function readVariables(event: EslEvent, names: readonly string[]): Record<string, string> {
  const values = [...event.variables(names)].filter(([, value]) => value !== UNDEFINED);
  return Object.fromEntries(values);
}

/** What the policy looks at. It keeps the event, so it is not for keeping. */
export function factsOf(info: ChannelInfo, event: EslEvent): ChannelFacts {
  return {
    ...info,
    variable: (name) => textOf(event, `variable_${name}`) || undefined,
  };
}

/** Events count microseconds since 1970, and 0 is not yet. */
export function timeOf(event: EslEvent, header: string): number | null {
  const us = Number(textOf(event, header));
  return us > 0 ? Math.round(us / 1000) : null;
}

/** The far end of a loopback pair has no originator, and was made for the near one all the same. */
function originatorOf(event: EslEvent, channelName: string): string | null {
  const originator = textOf(event, 'variable_originator');
  if (originator !== '') return originator;
  const isFarEnd = isLoopback(channelName) && textOf(event, 'variable_loopback_leg') === 'B';
  return (isFarEnd && textOf(event, 'variable_other_loopback_leg_uuid')) || null;
}

/** `loopback/9214-a`: it passes on what others say. */
export function isLoopback(channelName: string): boolean {
  return channelName.startsWith('loopback/');
}

function first(event: EslEvent, ...headers: string[]): string {
  for (const header of headers) {
    const value = textOf(event, header);
    if (value !== '') return value;
  }
  return '';
}

/** `sofia/PROFILE/…`, `sofia/gateway/NAME/…` */
function sofiaPart(channelName: string, part: number): string {
  const parts = channelName.split('/');
  return parts[0] === 'sofia' ? (parts[part] ?? '') : '';
}

function gatewayOf(channelName: string): string {
  return sofiaPart(channelName, 1) === 'gateway' ? sofiaPart(channelName, 2) : '';
}
