import { randomUUID } from 'node:crypto';
import { type CallerProfile, profileOf } from './caller-profile.ts';
import { type ChannelSnapshot, channelFields, otherLegFields } from './channel-fields.ts';
import { type ChannelOptions, variablesOf } from './channel-options.ts';
import { type ChannelPhase, newPhase } from './channel-phase.ts';
import { ChannelVariables } from './channel-variables.ts';
import { type ByteText, byteText, type Field } from './field.ts';
import { nowUs } from './stamps.ts';

/** What there is to say about a channel. */
export class ChannelRecord {
  uuid: string;
  /** The A leg's UUID for as long as this is the B leg of a bridge, or on its way there. */
  callUuid: string;
  profile: CallerProfile;
  phase: ChannelPhase = newPhase();
  profileIndex = 1;
  hangupCause = '';
  readonly originator: ChannelRecord | undefined;
  /** Whom it was bridged to at last. */
  lastPartner: ChannelRecord | undefined;
  readonly times = {
    created: nowUs(),
    profileCreated: nowUs(),
    answered: 0,
    hungUp: 0,
    transferred: 0,
    bridged: 0,
    lastHold: 0,
  };
  readonly #variables: ChannelVariables;

  constructor(options: ChannelOptions, sessionId: number) {
    const { uuid = randomUUID(), originator } = options;
    this.uuid = uuid;
    this.callUuid = originator?.uuid ?? uuid;
    this.originator = originator;
    this.profile = profileOf(options);
    this.#variables = new ChannelVariables(originator);
    const { profile, codec } = this.profile;
    this.set('session_id', String(sessionId));
    this.set('sip_call_id', randomUUID());
    this.set('sofia_profile_name', profile);
    for (const name of ['read_codec', 'write_codec', 'rtp_use_codec_name']) this.set(name, codec);
    this.set('call_uuid', this.callUuid);
    for (const [name, value] of variablesOf(options)) this.#variables.set(name, value);
  }

  /** Sets a variable without an event; an empty value takes it away. */
  set(name: string, value: string | Uint8Array): void {
    this.#variables.set(name, byteText(value));
  }

  get(name: string): ByteText | undefined {
    return this.#variables.get(name, this.snapshot());
  }

  snapshot(): ChannelSnapshot {
    const { phase, uuid, callUuid, profile, profileIndex, times, hangupCause } = this;
    return { ...phase, uuid, callUuid, profile, profileIndex, times, hangupCause };
  }

  /** Everything that events say of the channel, `uuid_dump` too. */
  fields(): Field[] {
    const snapshot = this.snapshot();
    const other = this.originator ?? this.lastPartner;
    const type = this.originator ? 'originator' : 'originatee';
    return [
      ...channelFields(snapshot),
      ...(other ? otherLegFields(type, other.snapshot()) : []),
      ...this.#variables.fields(snapshot),
    ];
  }

  /** To be called when the UUID or the profile has changed: recorded variables have both in them. */
  refresh(): void {
    this.#variables.refresh();
  }
}
