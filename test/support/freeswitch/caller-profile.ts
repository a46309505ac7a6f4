import type { ChannelOptions } from './channel-options.ts';
import { type ByteText, byteText } from './field.ts';

/** The parts of a caller profile that change with a transfer or differ between channels. */
export interface CallerProfile {
  name: ByteText;
  direction: 'inbound' | 'outbound';
  callerName: ByteText;
  callerNumber: ByteText;
  destination: ByteText;
  calleeName: ByteText;
  calleeNumber: ByteText;
  context: ByteText;
  dialplan: string;
  profile: string;
  codec: string;
  rdnis: ByteText;
  transferSource: ByteText;
}

export function profileOf(options: ChannelOptions): CallerProfile {
  const { direction = 'inbound', profile = 'internal', originator } = options;
  const isOutbound = direction === 'outbound';
  const inherited = originator?.profile;
  const callerNumber =
    options.callerNumber === undefined && inherited
      ? inherited.callerNumber
      : byteText(options.callerNumber ?? '13800001111');
  const destination = byteText(options.callee ?? '9210');
  const number = isOutbound ? destination : callerNumber;
  return {
    name:
      options.name === undefined ? `sofia/${profile}/${number}@127.0.0.1` : byteText(options.name),
    direction,
    callerName:
      options.callerName === undefined && inherited
        ? inherited.callerName
        : byteText(options.callerName ?? '张三'),
    callerNumber,
    destination,
    calleeName: byteText(options.calleeName ?? (isOutbound ? 'Outbound Call' : '')),
    calleeNumber: isOutbound ? destination : '',
    context: byteText(options.context ?? 'default'),
    dialplan: 'XML',
    profile,
    codec: options.codec ?? 'PCMU',
    rdnis: '',
    transferSource: '',
  };
}

/** Who is called is known by the number that answered, unless a name was given. */
export function answeredProfile(profile: CallerProfile): CallerProfile {
  if (profile.calleeName !== 'Outbound Call') return profile;
  return { ...profile, calleeName: profile.calleeNumber };
}

/** What a blind transfer makes of it (switch_ivr_session_transfer). */
export function transferred(
  profile: CallerProfile,
  uuid: string,
  to: { destination: string; context: string; dialplan: string },
): CallerProfile {
  const atSeconds = Math.floor(Date.now() / 1000);
  const { destination, context, dialplan } = to;
  return {
    ...profile,
    destination: byteText(destination),
    context: byteText(context),
    dialplan,
    rdnis: profile.destination,
    transferSource: `${atSeconds}:${uuid}:bl_xfer:${destination}/${context}/${dialplan}`,
  };
}
