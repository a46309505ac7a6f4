import type { Channel } from '../call/index.ts';
import type { Decision } from './policy.ts';
import { next, type WatchEvent, type WatchState } from './watch-state.ts';

const MAX_ANCESTORS = 16;

export interface WatchOptions {
  channel: Channel;
  /** What the policy says of the channel itself. */
  decision: Decision;
  /** What it would say were the channel an A leg, for a B leg whose A leg nobody knows. */
  asALeg: Decision;
  /** Whether the channel says by rst_record what is to become of it. */
  hasWish: boolean;
  /** Whether the dialplan says that it taps the call when it is answered. */
  tapsItself: boolean;
  transferSource: string;
  hasPercent: boolean;
}

/** What a session keeps of a channel besides what calls look at. */
export class Watch {
  readonly channel: Channel;
  /** What it is recorded by; that of its A leg where it goes on in place of it. */
  decision: Decision;
  readonly #asALeg: Decision;
  readonly hasWish: boolean;
  readonly tapsItself: boolean;
  /** The channel that this one was made for, once it is known. */
  parent: Watch | null = null;
  isHeld = false;
  /** What FreeSWITCH says of its last transfer; one more is another text. */
  transferSource: string;
  /** What the module would send of it has a percent sign, or once had. */
  hasPercent: boolean;
  #state: WatchState = 'skipped';

  constructor(options: WatchOptions) {
    this.channel = options.channel;
    this.decision = options.decision;
    this.#asALeg = options.asALeg;
    this.hasWish = options.hasWish;
    this.tapsItself = options.tapsItself;
    this.transferSource = options.transferSource;
    this.hasPercent = options.hasPercent;
  }

  get state(): WatchState {
    return this.#state;
  }

  apply(event: WatchEvent): void {
    this.#state = next(this.#state, event);
  }

  /**
   * What was decided for the conversation that this channel was made for: that of the first channel up the
   * line which was recorded, stopped or is an A leg.
   */
  inherited(): { decision: Decision; state: WatchState } {
    let lead: Watch = this;
    for (let up = 0; up < MAX_ANCESTORS && lead.state === 'skipped' && lead.parent; up++)
      lead = lead.parent;
    const isKnown = lead.state !== 'skipped' || lead.channel.info.originator === null;
    return { decision: isKnown ? lead.decision : lead.#asALeg, state: lead.state };
  }
}
