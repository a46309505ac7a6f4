import { answeredProfile, transferred } from './caller-profile.ts';
import type { ChannelOptions } from './channel-options.ts';
import { answeredPhase, reportingPhase } from './channel-phase.ts';
import { ChannelRecord } from './channel-record.ts';
import type { FakeTap } from './fake-tap.ts';
import { Field } from './field.ts';
import { nowUs } from './stamps.ts';
import type { Switchboard } from './switchboard.ts';

export type ChannelState = 'ringing' | 'answered' | 'held' | 'hung-up';

/** One channel; it tells in events what is done to it. */
export class FakeChannel extends ChannelRecord {
  state: ChannelState = 'ringing';
  partner: FakeChannel | null = null;
  /** Media bugs of mod_rst, in the order in which they were added. */
  readonly taps = new Set<FakeTap>();
  /** After `rst_stop` of the prebuilt module a channel that hung up stays in the list for ever. */
  isLeaking = false;
  readonly #board: Switchboard;
  readonly #options: ChannelOptions;
  /** Who said CHANNEL_BRIDGE says CHANNEL_UNBRIDGE. */
  #bridgeOwner: FakeChannel | undefined;

  /** Says CHANNEL_CREATE. */
  constructor(board: Switchboard, options: ChannelOptions, sessionId: number) {
    super(options, sessionId);
    this.#board = board;
    this.#options = options;
    board.add(this);
    this.#say('CHANNEL_CREATE', 'switch_core_state_machine.c:switch_core_session_run:626');
  }

  get isUp(): boolean {
    return this.state !== 'hung-up';
  }

  answer(): this {
    if (this.state !== 'ringing') return this;
    this.state = 'answered';
    this.times.answered = nowUs();
    this.profile = answeredProfile(this.profile);
    const { calleeName, calleeNumber } = this.profile;
    if (this.originator)
      this.originator.profile = { ...this.originator.profile, calleeName, calleeNumber };
    this.phase = answeredPhase(this.profile.direction);
    this.#pad();
    this.#say('CHANNEL_ANSWER', 'switch_channel.c:switch_channel_perform_mark_answered:3846');
    this.phase.callState = 'ACTIVE';
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
      one.#belongTo(this.uuid);
      one.lastPartner = two;
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
      one.#belongTo(one.uuid);
      for (const name of ['signal_bond', 'bridge_uuid', 'bridge_channel']) one.set(name, '');
    }
    return this;
  }

  /** Silences both legs of every tap, as FreeSWITCH does. */
  hold(): this {
    this.state = 'held';
    this.times.lastHold = nowUs();
    this.phase.callState = 'HELD';
    this.#say('CHANNEL_HOLD', 'switch_channel.c:switch_channel_mark_hold:876');
    return this;
  }

  unhold(): this {
    this.state = 'answered';
    this.phase.callState = 'ACTIVE';
    this.#say('CHANNEL_UNHOLD', 'switch_channel.c:switch_channel_mark_hold:876');
    return this;
  }

  /** switch_core_session_set_uuid: the tap goes on under the UUID that it began with. */
  rename(uuid: string): this {
    const old = this.uuid;
    this.uuid = uuid;
    this.#belongTo(uuid);
    this.refresh();
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
    this.profileIndex++;
    this.refresh();
    this.times.profileCreated = nowUs();
    this.times.transferred = nowUs();
    this.set('transfer_source', this.profile.transferSource);
    const history = this.get('transfer_history');
    this.set(
      'transfer_history',
      `${history ? `${history}|:` : 'ARRAY::'}${this.profile.transferSource}`,
    );
    this.set('hangup_after_bridge', 'false');
    const phase = this.phase;
    this.phase = { ...phase, state: 'CS_ROUTING', stateNumber: 3 };
    this.#say('CHANNEL_STATE', 'switch_channel.c:switch_channel_perform_set_running_state:2376');
    this.phase = phase;
    return this;
  }

  /** CHANNEL_UNBRIDGE where it was bridged (of the A leg), CHANNEL_HANGUP and its kind, and a BYE per tap. */
  hangup(cause = 'NORMAL_CLEARING'): this {
    if (!this.isUp) return this;
    this.#bridgeOwner?.unbridge();
    this.state = 'hung-up';
    this.times.hungUp = nowUs();
    this.hangupCause = cause;
    this.phase = { ...this.phase, callState: 'HANGUP', answerState: 'hangup' };
    this.#say('CHANNEL_HANGUP', 'switch_channel.c:switch_channel_perform_hangup:3424');
    this.#board.hungUp(this);
    this.phase = reportingPhase();
    const place = 'switch_core_state_machine.c:switch_core_session_reporting_state:943';
    this.#say('CHANNEL_HANGUP_COMPLETE', place, { 'Hangup-Cause': cause });
    this.#say('CHANNEL_DESTROY', 'switch_core_session.c:switch_core_session_perform_destroy:1571');
    return this;
  }

  #belongTo(callUuid: string): void {
    this.callUuid = callUuid;
    this.set('call_uuid', callUuid);
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
