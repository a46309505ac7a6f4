import { randomUUID } from 'node:crypto';
import { type CallerProfile, profileOf, transferred } from './caller-profile.ts';
import { type ChannelSnapshot, channelFields, otherLegFields } from './channel-fields.ts';
import { type ChannelOptions, uuidOf, variablesOf } from './channel-options.ts';
import { answeredPhase, type ChannelPhase, newPhase, reportingPhase } from './channel-phase.ts';
import { ChannelVariables } from './channel-variables.ts';
import type { FakeTap } from './fake-tap.ts';
import { type ByteText, byteText, Field } from './field.ts';
import { nowUs } from './stamps.ts';
import type { Switchboard } from './switchboard.ts';

export type ChannelState = 'ringing' | 'answered' | 'held' | 'hung-up';

/** The channels that FreeSWITCH has had, each telling what happens to it in events. */
export class FakeChannel {
  uuid: string;
  profile: CallerProfile;
  state: ChannelState = 'ringing';
  partner: FakeChannel | null = null;
  /** Media bugs of mod_rst, in the order in which they were added. */
  readonly taps = new Set<FakeTap>();
  /** After `rst_stop` of the prebuilt module a channel that hung up stays in the list for ever. */
  isLeaking = false;
  readonly sessionId: number;
  readonly originator: FakeChannel | undefined;
  readonly times = {
    created: nowUs(),
    profileCreated: nowUs(),
    answered: 0,
    hungUp: 0,
    transferred: 0,
    bridged: 0,
    lastHold: 0,
  };
  readonly #board: Switchboard;
  readonly #options: ChannelOptions;
  readonly #variables: ChannelVariables;
  #phase: ChannelPhase = newPhase();
  /** Who said CHANNEL_BRIDGE says CHANNEL_UNBRIDGE. */
  #bridgeOwner: FakeChannel | undefined;
  #profileIndex = 1;
  #hangupCause = '';

  /** Says CHANNEL_CREATE. */
  constructor(board: Switchboard, options: ChannelOptions, sessionId: number) {
    this.#board = board;
    this.#options = options;
    this.sessionId = sessionId;
    this.originator = options.originator;
    this.uuid = uuidOf(options);
    this.profile = profileOf(options);
    this.#variables = new ChannelVariables(options.originator);
    const { profile, codec } = this.profile;
    this.set('session_id', String(sessionId));
    this.set('sip_call_id', randomUUID());
    this.set('sofia_profile_name', profile);
    for (const name of ['read_codec', 'write_codec', 'rtp_use_codec_name']) this.set(name, codec);
    this.set('call_uuid', this.originator?.uuid ?? this.uuid);
    for (const [name, value] of variablesOf(options)) this.set(name, value);
    board.add(this);
    this.#say('CHANNEL_CREATE', 'switch_core_state_machine.c:switch_core_session_run:626');
  }

  get isUp(): boolean {
    return this.state !== 'hung-up';
  }

  /** Sets a variable without an event; an empty value takes it away. */
  set(name: string, value: string | Uint8Array): void {
    this.#variables.set(name, byteText(value));
  }

  get(name: string): ByteText | undefined {
    return this.#variables.get(name, this.snapshot());
  }

  answer(): this {
    if (this.state !== 'ringing') return this;
    this.state = 'answered';
    this.times.answered = nowUs();
    this.#phase = answeredPhase(this.profile.direction);
    this.#pad();
    this.#say('CHANNEL_ANSWER', 'switch_channel.c:switch_channel_perform_mark_answered:3846');
    this.#phase.callState = 'ACTIVE';
    const target = this.#options.tapOnAnswer;
    if (target) this.#board.startTap(this, target, 'dialplan');
    return this;
  }

  /** Says CHANNEL_BRIDGE with this channel as A. */
  bridge(other: FakeChannel): this {
    this.partner = other;
    other.partner = this;
    for (const [one, two] of [
      [this, other],
      [other, this],
    ] as const) {
      one.#bridgeOwner = this;
      one.times.bridged = nowUs();
      one.set('signal_bond', two.uuid);
      one.set('bridge_uuid', two.uuid);
      one.set('bridge_channel', Buffer.from(two.profile.name, 'latin1'));
      one.set('last_bridge_to', two.uuid);
    }
    this.#say('CHANNEL_BRIDGE', 'switch_ivr_bridge.c:switch_ivr_multi_threaded_bridge:1689', {
      'Bridge-A-Unique-ID': this.uuid,
      'Bridge-B-Unique-ID': other.uuid,
    });
    return this;
  }

  unbridge(): this {
    const other = this.partner;
    if (!other) return this;
    this.#say('CHANNEL_UNBRIDGE', 'switch_ivr_bridge.c:switch_ivr_multi_threaded_bridge:1779', {
      'Bridge-A-Unique-ID': this.uuid,
      'Bridge-B-Unique-ID': other.uuid,
    });
    for (const one of [this, other]) {
      one.partner = null;
      one.#bridgeOwner = undefined;
      for (const name of ['signal_bond', 'bridge_uuid', 'bridge_channel']) one.set(name, '');
    }
    return this;
  }

  /** Silences both legs of every tap, as FreeSWITCH does. */
  hold(): this {
    this.state = 'held';
    this.times.lastHold = nowUs();
    this.#phase.callState = 'HELD';
    this.#say('CHANNEL_HOLD', 'switch_channel.c:switch_channel_mark_hold:876');
    return this;
  }

  unhold(): this {
    this.state = 'answered';
    this.#phase.callState = 'ACTIVE';
    this.#say('CHANNEL_UNHOLD', 'switch_channel.c:switch_channel_mark_hold:876');
    return this;
  }

  /** switch_core_session_set_uuid: the tap goes on under the UUID that it began with. */
  rename(uuid: string): this {
    const old = this.uuid;
    this.uuid = uuid;
    this.set('call_uuid', uuid);
    this.#variables.refresh();
    this.#board.renamed(this, old);
    this.#say('CHANNEL_UUID', 'switch_core_session.c:switch_core_session_set_uuid:2046', {
      'Old-Unique-ID': old,
    });
    return this;
  }

  /** Blind (switch_ivr_session_transfer): the partner is hung up, this channel goes back to routing. */
  transfer(destination: string, { context = 'default', dialplan = 'XML' } = {}): this {
    const partner = this.partner;
    this.#bridgeOwner?.unbridge();
    partner?.hangup('BLIND_TRANSFER');
    this.profile = transferred(this.profile, this.uuid, { destination, context, dialplan });
    this.#profileIndex++;
    this.times.profileCreated = nowUs();
    this.times.transferred = nowUs();
    this.set('transfer_source', this.profile.transferSource);
    this.set('transfer_history', this.profile.transferSource);
    this.set('hangup_after_bridge', 'false');
    const phase = this.#phase;
    this.#phase = { ...phase, state: 'CS_ROUTING', stateNumber: 3 };
    this.#say('CHANNEL_STATE', 'switch_channel.c:switch_channel_perform_set_running_state:2376');
    this.#phase = phase;
    return this;
  }

  /** CHANNEL_UNBRIDGE where it was bridged (of the A leg), CHANNEL_HANGUP and its kind, and a BYE per tap. */
  hangup(cause = 'NORMAL_CLEARING'): this {
    if (!this.isUp) return this;
    this.#bridgeOwner?.unbridge();
    this.state = 'hung-up';
    this.times.hungUp = nowUs();
    this.#hangupCause = cause;
    this.#phase = { ...this.#phase, callState: 'HANGUP', answerState: 'hangup' };
    this.#say('CHANNEL_HANGUP', 'switch_channel.c:switch_channel_perform_hangup:3424');
    this.#board.hungUp(this);
    this.#phase = reportingPhase();
    const place = 'switch_core_state_machine.c:switch_core_session_reporting_state:943';
    this.#say('CHANNEL_HANGUP_COMPLETE', place, { 'Hangup-Cause': cause });
    this.#say('CHANNEL_DESTROY', 'switch_core_session.c:switch_core_session_perform_destroy:1571');
    return this;
  }

  snapshot(): ChannelSnapshot {
    return {
      ...this.#phase,
      uuid: this.uuid,
      callUuid: this.originator?.uuid ?? this.uuid,
      profile: this.profile,
      profileIndex: this.#profileIndex,
      times: this.times,
      hangupCause: this.#hangupCause,
    };
  }

  /** Everything that events say of the channel, `uuid_dump` too. */
  fields(): Field[] {
    const snapshot = this.snapshot();
    const other = this.originator ?? this.partner;
    const type = this.originator ? 'originator' : 'originatee';
    return [
      ...channelFields(snapshot),
      ...(other ? otherLegFields(type, other.snapshot()) : []),
      ...this.#variables.fields(snapshot),
    ];
  }

  #say(name: string, place: string, extra: Record<string, string> = {}): void {
    if (!this.#board.isWanted(name)) return;
    const own = Object.entries(extra).map(([key, value]) => new Field(key, value));
    this.#board.emit(name, place, [...own, ...this.fields()]);
  }

  /** As a dialplan that sets many variables does. */
  #pad(): void {
    const EVENT_HEADERS = 13;
    const missing = (this.#options.headerCount ?? 0) - EVENT_HEADERS - this.fields().length;
    for (let i = 0; i < missing; i++) this.set(`dialplan_note_${i}`, `note ${i}, of the dialplan`);
  }
}
