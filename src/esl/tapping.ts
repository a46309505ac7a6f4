import type { Log } from '../log.ts';
import type { Captures } from './captures.ts';
import type { Commands } from './commands.ts';
import type { TapSettings } from './roster-options.ts';
import { type TapOutcome, type TapTarget, Trigger, type TriggerStart } from './trigger.ts';
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
  captures: Captures;
  /** null while there is no link. */
  route(): TapRoute | null;
  log: Log;
}

/** Has channels tapped, each by a trigger of its own, and files what could not be. */
export class Tapping {
  readonly #options: TappingOptions;
  readonly #running = new Set<Trigger>();

  constructor(options: TappingOptions) {
    this.#options = options;
  }

  /** Has it recorded, unless it is. */
  record(watch: Watch, start: TriggerStart): void {
    void this.#follow(watch, start, (reason) =>
      this.#options.captures.notTapped(watch.channel, reason),
    );
  }

  /** By hand: whoever asked learns the outcome, and no call is filed. */
  byHand(watch: Watch): Promise<TapOutcome> {
    return this.#follow(watch, 'look', () => {});
  }

  /** Nothing is waited for any more. */
  close(): void {
    for (const trigger of this.#running) trigger.end();
  }

  async #follow(
    watch: Watch,
    start: TriggerStart,
    onFailure: (reason: string) => void,
  ): Promise<TapOutcome> {
    const { captures, settings, route, log } = this.#options;
    const { channel, decision } = watch;
    const way = route();
    if (way === null) return { kind: 'ended' };
    channel.formats = decision.formats;
    watch.apply('record');
    const state = captures.stateOf(channel.info.uuid);
    if (state === 'live') {
      watch.apply('tapped');
      return { kind: 'tapped' };
    }
    const trigger = new Trigger({
      channel,
      isHeld: () => watch.isHeld,
      captures,
      ...way,
      confirmTimeoutMs: settings().confirmTimeoutMs,
    });
    watch.trigger = trigger;
    this.#running.add(trigger);
    const outcome = await trigger.run(state === 'heard' ? 'look' : start);
    this.#running.delete(trigger);
    if (watch.trigger === trigger) watch.trigger = null;
    const { uuid } = channel.info;
    switch (outcome.kind) {
      case 'tapped':
        watch.apply('tapped');
        log.debug({ uuid }, 'tapped');
        break;
      case 'not-tapped':
        watch.apply('failed');
        onFailure(outcome.reason);
        break;
      case 'ended':
        break;
    }
    return outcome;
  }
}
