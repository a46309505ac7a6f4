import { Channel, type Channels } from '../call/index.ts';
import type { Log } from '../log.ts';
import type { Captures } from './captures.ts';
import {
  type Heard,
  noteBridge,
  noteCodec,
  noteHangup,
  noteHold,
  noteRename,
  noteTap,
  noteTransfer,
  noteUnbridge,
} from './channel-events.ts';
import { factsOf, isLoopback, readChannel, textOf, timeOf } from './channel-reader.ts';
import type { EslEvent } from './event.ts';
import { hasPercent } from './percent.ts';
import type { RosterOptions } from './roster-options.ts';
import { parseTapReport } from './tap-report.ts';
import type { Tapping } from './tapping.ts';
import { Watch } from './watch.ts';
import { Watches } from './watches.ts';
import { wishOf } from './wish.ts';

/** Events come after a hangup, and whoever files the call may look at its channel so long. */
const REMEMBER_NS = 60e9;

/** What a session has to hear for this. */
export const CHANNEL_EVENTS = [
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_HOLD',
  'CHANNEL_UNHOLD',
  'CHANNEL_UUID',
  'CHANNEL_HANGUP_COMPLETE',
  'CODEC',
] as const;

/** The answered channels of one box: keeps true what calls see of them, and has tapped what is to be recorded. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #channels: Channels;
  readonly #captures: Captures;
  readonly #tapping: Tapping;
  readonly #log: Log;
  readonly #watches = new Watches();
  /** Channels that have hung up, the oldest first. */
  readonly #gone: { channel: Channel; atNs: number }[] = [];

  constructor(options: RosterOptions, tapping: Tapping) {
    this.#options = options;
    this.#channels = options.channels;
    this.#captures = options.captures;
    this.#log = options.log;
    this.#tapping = tapping;
  }

  /** Channels that have not hung up, as far as anybody knows. */
  get size(): number {
    return this.#watches.size;
  }

  /** Those that are recorded now. */
  get recorded(): number {
    let count = 0;
    for (const { channel } of this.#watches.all) if (this.#isLive(channel)) count++;
    return count;
  }

  find(uuid: string): Watch | undefined {
    return this.#watches.find(uuid);
  }

  event(event: EslEvent): void {
    const heard = { event, atNs: this.#options.now() };
    const known = this.find(textOf(event, 'Unique-ID'));
    // Whoever transfers a call has another number dialled.
    if (known && hasPercent(event)) known.hasPercent = true;
    switch (event.name) {
      case 'CHANNEL_ANSWER':
        return this.#answered(heard);
      case 'CHANNEL_BRIDGE':
        return this.#bridged(heard);
      case 'CHANNEL_UNBRIDGE':
        return this.#unbridged(heard);
      case 'CHANNEL_HOLD':
      case 'CHANNEL_UNHOLD':
        return this.#with(event, (watch) => noteHold(heard, watch));
      case 'CODEC':
        return this.#with(event, ({ channel }) => noteCodec(heard, channel));
      case 'CHANNEL_UUID':
        return this.#renamed(heard);
      case 'CUSTOM':
        return this.#reported(heard);
      case 'CHANNEL_HANGUP_COMPLETE':
        return this.#with(event, (watch) => {
          noteTransfer(heard, watch);
          noteHangup(heard, watch.channel, this.#options.settings().variables);
          this.#leave(watch);
        });
    }
  }

  /** The link is lost: nobody vouches for the channels any more. */
  lost(): void {
    for (const watch of this.#watches.all) {
      const { channel } = watch;
      channel.state = 'unsure';
      this.#tapping.lost(channel);
      if (watch.state === 'tapping' || this.#isLive(channel)) watch.apply('cut');
    }
  }

  /** These channels are there, in the same process as before or in another one: all others have hung up. */
  present(uuids: ReadonlySet<string>, isSameCore: boolean): void {
    for (const watch of this.#watches.all) {
      const { channel } = watch;
      if (channel.state !== 'unsure' || (isSameCore && uuids.has(channel.info.uuid))) continue;
      const text = isSameCore ? 'while nobody listened' : 'FreeSWITCH was started again';
      channel.note({ atNs: this.#options.now(), event: 'hung-up', text });
      this.#leave(watch);
    }
  }

  /** What `uuid_dump` says of a channel that is there. */
  found(dump: EslEvent): Watch | null {
    const uuid = textOf(dump, 'Unique-ID');
    if (uuid === '' || timeOf(dump, 'Caller-Channel-Answered-Time') === null) return null;
    const known = this.find(uuid);
    const isHeld = textOf(dump, 'Channel-Call-State') === 'HELD';
    if (!known) {
      const watch = this.#add(dump);
      watch.isHeld = isHeld;
      return watch;
    }
    const { info } = known.channel;
    known.isHeld = isHeld;
    if (hasPercent(dump)) known.hasPercent = true;
    known.channel.state = 'vouched';
    info.bridgedTo = textOf(dump, 'variable_bridge_uuid') || null;
    noteTransfer({ event: dump, atNs: this.#options.now() }, known);
    return known;
  }

  /** All that is there is known: has tapped what is to be recorded and is not. */
  resume(watches: readonly Watch[]): void {
    for (const watch of watches) this.#adoptParent(watch);
    for (const watch of watches) {
      if (watch.channel.state === 'gone') continue;
      if (watch.state === 'cut') this.#tapping.record(watch, 'look');
      else if (watch.state === 'skipped') this.#decide(watch, 'look');
    }
    for (const watch of watches) {
      const partner = this.find(watch.channel.info.bridgedTo ?? '');
      if (partner) this.#goOn(watch, partner);
    }
  }

  /** The module is there again: what was tapped when it went is tapped anew. */
  tapAgain(): void {
    for (const watch of this.#watches.all)
      if (watch.state === 'cut') this.#tapping.record(watch, 'look');
  }

  /** Nobody looks after the channels of this box any more; those that somebody has decided on stay known. */
  forget(): void {
    for (const watch of this.#watches.all) {
      const { channel, state } = watch;
      channel.state = 'unsure';
      // Its INV may be on its way.
      const isWanted = state === 'tapping' || state === 'stopped';
      if (isWanted || this.#captures.stateOf(channel.info.uuid) !== 'none')
        this.#options.leftovers.keep(watch);
      else this.#channels.remove(channel);
    }
    for (const { channel } of this.#gone) this.#channels.remove(channel);
    this.#watches.clear();
    this.#gone.length = 0;
  }

  /** Forgets who has hung up a while ago. */
  sweep(): void {
    const beforeNs = this.#options.now() - REMEMBER_NS;
    while (this.#gone[0] && this.#gone[0].atNs < beforeNs)
      this.#channels.remove((this.#gone.shift() as { channel: Channel }).channel);
  }

  #answered(heard: Heard): void {
    const known = this.find(textOf(heard.event, 'Unique-ID'));
    const watch = known ?? this.#add(heard.event);
    watch.channel.note({ atNs: heard.atNs, event: 'answered', text: '' });
    if (known) return;
    this.#adoptParent(watch);
    this.#decide(watch, null);
    const partner = this.find(watch.channel.info.bridgedTo ?? '');
    if (partner) this.#goOn(watch, partner);
  }

  #bridged(heard: Heard): void {
    const { event } = heard;
    const a = this.find(textOf(event, 'Bridge-A-Unique-ID'));
    const b = this.find(textOf(event, 'Bridge-B-Unique-ID'));
    // Early media can be bridged before anybody answers.
    if (a) {
      noteTransfer(heard, a);
      noteBridge(heard, a.channel, b?.channel ?? null);
    }
    for (const watch of [a, b]) if (watch) this.#adoptParent(watch);
    const one = a ?? b;
    if (one) this.#goOn(one, (one === a ? b : a) ?? null);
  }

  #unbridged(heard: Heard): void {
    const a = this.find(textOf(heard.event, 'Bridge-A-Unique-ID'));
    const b = this.find(textOf(heard.event, 'Bridge-B-Unique-ID'));
    noteUnbridge(heard, a?.channel ?? null, b?.channel ?? null);
    if (a) noteTransfer(heard, a);
  }

  #renamed(heard: Heard): void {
    const oldUuid = textOf(heard.event, 'Old-Unique-ID');
    const watch = this.find(oldUuid);
    if (!watch) return;
    this.#channels.rename(watch.channel, textOf(heard.event, 'Unique-ID'));
    this.#watches.add(watch);
    noteRename(heard, watch.channel, oldUuid);
  }

  #reported(heard: Heard): void {
    const report = parseTapReport(heard.event);
    if (report === null) return;
    const { uuid, kind, destination, reason } = report;
    // The last words of a tap come after those of its channel.
    const channel = this.find(uuid)?.channel ?? this.#channels.get(uuid);
    if (channel?.info.box !== this.#options.box) return;
    noteTap(heard, channel, report);
    if (kind === 'stop' && reason === 'unload') this.find(uuid)?.apply('cut');
    if (kind === 'error') this.#log.warn({ uuid, destination, reason }, 'a tap is in trouble');
    else this.#log.debug({ uuid, destination, reason }, `mod_rst says ${kind} of a tap`);
    this.#tapping.reported(channel, report);
  }

  #with(event: EslEvent, work: (watch: Watch) => void): void {
    const watch = this.find(textOf(event, 'Unique-ID'));
    if (watch) work(watch);
  }

  #add(event: EslEvent): Watch {
    const { box, settings, leftovers } = this.#options;
    const { policy, variables } = settings();
    const info = readChannel(event, box, variables);
    const facts = factsOf(info, event);
    // Another session may have known it, by another name of the same box.
    const left = leftovers.take(info);
    const channel = left?.channel ?? new Channel(info);
    channel.info = info;
    channel.state = 'vouched';
    const decision = policy.decide(facts);
    const watch = new Watch({
      channel,
      decision,
      asALeg: info.originator === null ? decision : policy.decide({ ...facts, originator: null }),
      hasWish: wishOf(facts) !== null,
      tapsItself: tapsItself(event),
      transferSource: textOf(event, 'Caller-Transfer-Source'),
      hasPercent: hasPercent(event),
    });
    if (left?.isStopped) watch.apply('stop');
    this.#channels.add(channel);
    this.#watches.add(watch);
    return watch;
  }

  #adoptParent(watch: Watch): void {
    const { originator } = watch.channel.info;
    if (originator !== null) watch.parent ??= this.find(originator) ?? null;
  }

  /** Does what the policy says of the channel by itself. `how` null: it was answered just now. */
  #decide(watch: Watch, how: 'look' | null): void {
    const { decision, channel } = watch;
    this.#log.debug({ uuid: channel.info.uuid, ...decision }, 'a channel is looked at');
    if (decision.action === 'record')
      this.#tapping.record(watch, how ?? (watch.tapsItself ? 'expect' : 'ask'));
  }

  /**
   * After an attended transfer or an intercept two channels talk of which nobody is recorded, as the A leg
   * has left them. The first of them that was made for a conversation that is to be recorded goes on in
   * place of its A leg.
   */
  #goOn(one: Watch, other: Watch | null): void {
    if (this.#isCovered(one) || (other && this.#isCovered(other))) return;
    for (const [heir, partner] of [
      [one, other],
      [other, one],
    ] as const) {
      if (heir?.state !== 'skipped' || heir.hasWish || heir.channel.info.originator === null)
        continue;
      if (heir.parent !== null && heir.parent === partner) continue;
      // What it passes on is recorded elsewhere, or can't be.
      if (isLoopback(heir.channel.info.channelName)) continue;
      const { decision, state } = heir.inherited();
      if (decision.action !== 'record' || state === 'stopped') continue;
      heir.decision = decision;
      this.#tapping.record(heir, 'ask');
      return;
    }
  }

  #isCovered({ state, channel }: Watch): boolean {
    return state === 'tapping' || this.#captures.stateOf(channel.info.uuid) !== 'none';
  }

  #isLive({ info }: Channel): boolean {
    return this.#captures.stateOf(info.uuid) === 'live';
  }

  #leave(watch: Watch): void {
    const { channel } = watch;
    channel.state = 'gone';
    this.#watches.delete(watch);
    this.#gone.push({ channel, atNs: this.#options.now() });
    this.#tapping.hungUp(channel);
    this.#captures.hungUp(channel);
    this.sweep();
  }
}

/** True where the dialplan says that it taps the call when it is answered. */
function tapsItself(event: EslEvent): boolean {
  for (const prefix of ['variable_execute_on_answer', 'variable_api_on_answer'])
    for (const value of event.valuesOf(prefix))
      if (/(^|[^a-z])rst([^a-z]|$)/i.test(value)) return true;
  return false;
}
