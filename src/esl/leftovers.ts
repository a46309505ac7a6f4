import type { Channel, ChannelInfo, Channels } from '../call/index.ts';
import type { Captures } from './captures.ts';
import type { Watch } from './watch.ts';

const SWEEP_MS = 60_000;
/** A call that has ended for want of media may go on for so long. */
const REMEMBER_NS = 3600e9;

export interface LeftoversOptions {
  channels: Channels;
  captures: Pick<Captures, 'stateOf'>;
  /** Monotonic, ns. */
  now(): number;
}

interface Left {
  isStopped: boolean;
  /** When it was last recorded. */
  sinceNs: number;
}

/** Channels of boxes that were removed, for as long as their calls go on or may. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  readonly #left = new Map<Channel, Left>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#left.size;
  }

  /** Nobody looks after this channel any more. */
  keep({ channel, state }: Watch): void {
    if (this.#isClosed) return;
    this.#left.set(channel, { isStopped: state === 'stopped', sinceNs: this.#options.now() });
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Somebody looks after it again: the channel, if it is this one. */
  take({ uuid, channelName, answeredAtMs }: ChannelInfo): ({ channel: Channel } & Left) | null {
    const channel = this.#options.channels.get(uuid);
    const left = channel && this.#left.get(channel);
    if (!left) return null;
    // Another box may have another channel of the same UUID.
    const { info } = channel;
    if (info.channelName !== channelName || info.answeredAtMs !== answeredAtMs) return null;
    this.#drop(channel);
    return { channel, ...left };
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#left.clear();
  }

  #sweep(): void {
    const { captures, channels, now } = this.#options;
    for (const [channel, left] of this.#left) {
      if (captures.stateOf(channel.info.uuid) !== 'none') left.sinceNs = now();
      if (now() - left.sinceNs < REMEMBER_NS) continue;
      channels.remove(channel);
      this.#drop(channel);
    }
  }

  #drop(channel: Channel): void {
    this.#left.delete(channel);
    if (this.#left.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
