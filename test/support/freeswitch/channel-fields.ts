import type { CallerProfile } from './caller-profile.ts';
import type { ChannelPhase } from './channel-phase.ts';
import { type ByteText, Field } from './field.ts';
import { RECORDED, type Slot } from './recorded-channel.ts';

/** Moments of a channel, microseconds since 1970; 0 has not been. */
export interface ChannelTimes {
  created: number;
  profileCreated: number;
  answered: number;
  hungUp: number;
  transferred: number;
  bridged: number;
  lastHold: number;
}

/** All that an event says about a channel at one moment. */
export interface ChannelSnapshot extends ChannelPhase {
  uuid: string;
  callUuid: string;
  profile: CallerProfile;
  profileIndex: number;
  times: ChannelTimes;
  hangupCause: string;
}

/** `Channel-State` to the last `Caller-` header, in the order of FreeSWITCH. */
export function channelFields(snapshot: ChannelSnapshot): Field[] {
  const { headers, constants } = RECORDED[snapshot.profile.direction][snapshot.stage];
  const own: Record<string, ByteText | undefined> = {
    ...basicValues(snapshot),
    ...prefixed('Caller', snapshot),
  };
  const fields: Field[] = [];
  for (const name of withTransfer(headers)) {
    const value = name in own ? own[name] : constants.get(name);
    if (value) fields.push(new Field(name, value));
  }
  return fields;
}

/**
 * What an event of one channel says about the other. The logical direction is the recorded one; a B leg
 * knows the leg that it was originated by as that was before anybody answered, and no times of it.
 */
export function otherLegFields(type: 'originator' | 'originatee', other: ChannelSnapshot): Field[] {
  const fields = channelFields(other).flatMap(({ name, value }) => {
    if (!name.startsWith('Caller-') || name === 'Caller-Profile-Index') return [];
    if (type === 'originator' && name.startsWith('Caller-Callee-ID')) return [];
    const isTime = type === 'originator' && name.endsWith('-Time');
    const isDirection = name === 'Caller-Logical-Direction';
    const said = isDirection ? 'inbound' : isTime ? '0' : value;
    return [new Field(name.replace('Caller-', 'Other-Leg-'), said)];
  });
  return [new Field('Other-Type', type), ...fields];
}

/** The recorded variables, with this channel's own values in them. Those with an empty slot are left out. */
export function recordedVariables(
  { stage, uuid, profile }: ChannelSnapshot,
  originator: { uuid: string; profile: CallerProfile } | undefined,
): Field[] {
  const slots: Record<Slot, ByteText> = {
    uuid,
    name: profile.name,
    callerName: profile.callerName,
    callerNumber: profile.callerNumber,
    destination: profile.destination,
    originatorUuid: originator?.uuid ?? '',
    originatorName: originator?.profile.name ?? '',
    originatorDestination: originator?.profile.destination ?? '',
  };
  return RECORDED[profile.direction][stage].variables.flatMap((piece) => {
    if (piece instanceof Field) return [piece];
    const values = piece.parts.map((part) => (typeof part === 'string' ? part : slots[part.slot]));
    return values.includes('') ? [] : [new Field(piece.name, values.join(''))];
  });
}

function basicValues(snapshot: ChannelSnapshot): Record<string, ByteText> {
  const { uuid, profile, callUuid } = snapshot;
  return {
    'Channel-State': snapshot.state,
    'Channel-Call-State': snapshot.callState,
    'Channel-State-Number': String(snapshot.stateNumber),
    'Channel-Name': profile.name,
    'Unique-ID': uuid,
    'Channel-Call-UUID': callUuid,
    'Answer-State': snapshot.answerState,
    'Hangup-Cause': snapshot.hangupCause,
    'Channel-Read-Codec-Name': profile.codec,
    'Channel-Write-Codec-Name': profile.codec,
  };
}

function prefixed(prefix: string, snapshot: ChannelSnapshot): Record<string, ByteText> {
  const { uuid, profile, profileIndex, times } = snapshot;
  const values: Record<string, ByteText> = {
    Username: profile.callerNumber,
    Dialplan: profile.dialplan,
    'Caller-ID-Name': profile.callerName,
    'Caller-ID-Number': profile.callerNumber,
    'Orig-Caller-ID-Name': profile.callerName,
    'Orig-Caller-ID-Number': profile.callerNumber,
    'Callee-ID-Name': profile.calleeName,
    'Callee-ID-Number': profile.calleeNumber,
    ANI: profile.callerNumber,
    'Destination-Number': profile.destination,
    'Unique-ID': uuid,
    Context: profile.context,
    RDNIS: profile.rdnis,
    'Channel-Name': profile.name,
    'Profile-Index': String(profileIndex),
    'Transfer-Source': profile.transferSource,
    'Profile-Created-Time': String(times.profileCreated),
    'Channel-Created-Time': String(times.created),
    'Channel-Answered-Time': String(times.answered),
    'Channel-Hangup-Time': String(times.hungUp),
    'Channel-Transfer-Time': String(times.transferred),
    'Channel-Bridged-Time': String(times.bridged),
    'Channel-Last-Hold': String(times.lastHold),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}-${name}`, value]),
  );
}

/** The recorded names and those that only a transferred or called channel has, at their places. */
function withTransfer(headers: string[]): string[] {
  return headers.flatMap((name) => {
    if (name === 'Caller-Callee-ID-Name' || name === 'Caller-Callee-ID-Number') return [];
    if (name === 'Caller-Network-Addr')
      return ['Caller-Callee-ID-Name', 'Caller-Callee-ID-Number', name];
    if (name === 'Caller-Context') return ['Caller-Transfer-Source', name];
    return name === 'Caller-Channel-Name' ? ['Caller-RDNIS', name] : [name];
  });
}
