import type { Channel, Channels } from '../call/index.ts';
import type { Log } from '../log.ts';
import type { Captures } from './captures.ts';
import type { Commands } from './commands.ts';
import type { ModuleTrust } from './module-trust.ts';
import { PERCENT_REASON } from './percent.ts';
import type { TapSettings } from './roster-options.ts';
import type { TapReport } from './tap-report.ts';
import type { TapTarget } from './tap-target.ts';
import { type TapOutcome, Trigger, type TriggerStart } from './trigger.ts';
import type { Watch } from './watch.ts';

/** The way to a FreeSWITCH while its link is up. */
export interface TapRoute {
  commands: Commands;
  target: TapTarget;
  /** The address that this machine knows the box by. */
  boxAddress: string;
}

export interface TappingOptions {
  settings(): TapSettings;
  channels: Pick<Channels, 'claim'>;
  captures: Captures;
  module: ModuleTrust;
  /** null while there is no link. */
  route(): TapRoute | null;
  log: Log;
}

interface Running {
  trigger: Trigger;
  outcome: Promise<TapOutcome>;
}

/** Has channels tapped, one trigger for each at a time, and files what could not be. */
export class Tapping {
  readonly #options: TappingOptions;
  readonly #running = new Map<Channel, Running>();

  constructor(options: TappingOptions) {
    this.#options = options;
  }

  /** Has it recorded, unless it is. */
  record(watch: Watch, start: TriggerStart): void {
    const { channel } = watch;
    if (this.#running.has(channel)) return;
    void this.#follow(watch, start).then((outcome) => {
      if (outcome.kind === 'not-tapped') this.#options.captures.notTapped(channel, outcome.reason);
    });
  }

  /** By hand: whoever asked learns the outcome, and no call is filed because of it. */
  byHand(watch: Watch): Promise<TapOutcome> {
    // Nobody listens to what may still run of one that was stopped.
    const start = watch.state === 'stopped' ? 'ask' : 'look';
    return this.#running.get(watch.channel)?.outcome ?? this.#follow(watch, start);
  }

  /** INV or DATA has proved the channel's tap. */
  began(channel: Channel): void {
    this.#running.get(channel)?.trigger.began();
  }

  /** The module says what becomes of a tap of the channel. */
  reported(channel: Channel, report: TapReport): void {
    this.#running.get(channel)?.trigger.reported(report);
  }

  hungUp(channel: Channel): void {
    this.#running.get(channel)?.trigger.hungUp();
  }

  /** The link is lost: nobody can tell what becomes of the channel's tap. */
  lost(channel: Channel): void {
    this.#running.get(channel)?.trigger.end();
  }

  /** Nothing is waited for any more. */
  close(): void {
    for (const { trigger } of this.#running.values()) trigger.end();
  }

  #follow(watch: Watch, start: TriggerStart): Promise<TapOutcome> {
    const { captures, channels, module, settings, route } = this.#options;
    const { channel, decision } = watch;
    const way = route();
    if (way === null) return Promise.resolve({ kind: 'ended' });
    channel.formats = decision.formats;
    watch.apply('record');
    const state = captures.stateOf(channel.info.uuid);
    if (state === 'live') {
      watch.apply('tapped');
      return Promise.resolve({ kind: 'tapped' });
    }
    channels.claim(channel);
    const mustNot = () => (watch.hasPercent && !module.isSound ? PERCENT_REASON : null);
    const trigger = new Trigger({
      channel,
      mustNot,
      answered: (text) => module.answered(text),
      isOurs: () => module.isOurs,
      isHeld: () => watch.isHeld,
      captures,
      ...way,
      confirmTimeoutMs: settings().confirmTimeoutMs,
    });
    const outcome = trigger.run(state === 'heard' ? 'look' : start).then((end) => {
      this.#running.delete(channel);
      this.#applyTo(watch, end);
      return end;
    });
    this.#running.set(channel, { trigger, outcome });
    return outcome;
  }

  #applyTo(watch: Watch, outcome: TapOutcome): void {
    const { uuid } = watch.channel.info;
    switch (outcome.kind) {
      case 'tapped':
        watch.apply('tapped');
        this.#options.log.debug({ uuid }, 'tapped');
        break;
      case 'not-tapped':
        watch.apply('failed');
        this.#options.log.debug({ uuid, reason: outcome.reason }, 'not tapped');
        break;
      case 'ended':
        break;
    }
  }
}
