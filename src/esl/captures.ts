import type { Channel } from '../call/index.ts';

/** What the event sockets need of the calls. */
export interface Captures {
  /**
   * `live`: a call takes media of this channel, under any of its UUIDs. `heard`: DATA came, too little yet
   * to begin a call.
   */
  stateOf(uuid: string): 'live' | 'heard' | 'none';
  /** The channel has hung up: its call ends soon unless BYE has ended it. */
  hungUp(channel: Channel): void;
  /** Files a call without audio, and why. */
  notTapped(channel: Channel, reason: string): void;
  /** Ends the channel's call for good; false where there is none. */
  stop(uuid: string, words: string): boolean;
}
