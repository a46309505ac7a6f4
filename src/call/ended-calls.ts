import type { Source } from '../capture/index.ts';
import type { InvMessage } from '../protocol/index.ts';
import type { Call } from './call.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import { isForGood } from './state.ts';
import { Tombstones } from './tombstones.ts';

/** This long DATA and BYE of an ended call are no news. */
const LATE_NS = 60e9;
/** This long DATA can take up a call that had ended although its tap may go on. */
const RESUME_NS = 3600e9;

/** Calls whose end is decided: what still comes for their UUIDs, or others of their channels, is judged by them. */
export class EndedCalls {
  /** Until their files are final. */
  readonly #draining = new Map<string, Call>();
  readonly #tombstones = new Tombstones(LATE_NS, { mayForget: (call) => !mayTapGoOn(call) });
  readonly #paused: Tombstones;
  readonly #channels: Pick<Channels, 'find'>;
  // Once and not for each packet.
  readonly #drainingAs = (uuid: string) => this.#draining.get(uuid);
  readonly #pausedAs = (uuid: string) => this.#paused.get(uuid);
  readonly #buriedAs = (uuid: string) => this.#tombstones.get(uuid);

  /** `onOver` hears of each call that could have gone on and from now on does not, as itself or at all. */
  constructor(channels: Pick<Channels, 'find'>, onOver: (call: Call) => void) {
    this.#channels = channels;
    this.#paused = new Tombstones(RESUME_NS, { onForgotten: onOver });
  }

  add(call: Call, nowNs: number): void {
    this.#draining.set(call.uuid, call);
    if (call.mayResume) this.#paused.add(call, nowNs);
    else this.#tombstones.add(call, nowNs);
  }

  archived(call: Call): void {
    if (this.#draining.get(call.uuid) === call) this.#draining.delete(call.uuid);
  }

  /** The UUID has a call again. */
  forget(uuid: string): void {
    this.#tombstones.delete(uuid);
    this.#paused.delete(uuid);
  }

  sweep(nowNs: number): void {
    this.#tombstones.sweep(nowNs);
    this.#paused.sweep(nowNs);
  }

  /** The call that still takes DATA which its end has overtaken. */
  draining(uuid: string): Call | undefined {
    if (this.paused(uuid)) return undefined;
    return this.#channels.find(uuid, this.#drainingAs);
  }

  /** The call that goes on when something comes for it, see `mayResume`. */
  paused(uuid: string): Call | undefined {
    return this.#channels.find(uuid, this.#pausedAs);
  }

  /** True where a call of this channel has ended with it, in the last minute. */
  wasRecorded(channel: Channel): boolean {
    const call = this.#buried(channel.info.uuid);
    return call?.channel === channel && (call.end?.reason === 'bye' || call.hangup !== null);
  }

  /** The call that had the UUID before, where that is still known. */
  known(uuid: string): Call | undefined {
    return this.paused(uuid) ?? this.#buried(uuid) ?? this.draining(uuid);
  }

  /** True where DATA is of a call that is over. */
  isLateData(uuid: string, source: Source, nowNs: number): boolean {
    const call = this.#buried(uuid);
    if (!call) return false;
    // It was ended on purpose, and its tap does not care: it stays ended for as long as that sends.
    if (call.end && isForGood(call.end.reason) && call.tap.lock.admitsAddress(source.address))
      this.#tombstones.add(call, nowNs);
    return true;
  }

  /**
   * True where an INV is of a tap whose call was ended on purpose: it has not heard so, and asks whether the
   * server is still there. One without the extension does not ask; its INV begins a tap, from whatever port.
   */
  isLateInv(inv: InvMessage, source: Source, nowNs: number): boolean {
    const call = this.#buried(inv.uuid);
    if (!inv.extension?.seq || !call?.end || !isForGood(call.end.reason)) return false;
    const tap = [call.tap, ...call.otherTaps].find(
      (each) => each.isRepeated(inv, source) || each.isOfLostInv(inv, source),
    );
    if (tap?.state !== 'running') return false;
    this.#tombstones.add(call, nowNs);
    return true;
  }

  /** True where a BYE is of a call that is over, which it is for good then. */
  isLateBye(uuid: string, source: Source, nowNs: number): boolean {
    // Another tap may have its ports from now on.
    const tap = this.#buried(uuid)?.knownTap(uuid, source);
    if (tap) tap.state = 'ended';
    const paused = this.paused(uuid);
    if (paused?.tap.lock.admitsAddress(source.address)) {
      this.#paused.delete(paused.uuid);
      this.#tombstones.add(paused, nowNs);
    }
    return paused !== undefined || this.#buried(uuid) !== undefined;
  }

  #buried(uuid: string): Call | undefined {
    return this.#channels.find(uuid, this.#buriedAs);
  }
}

/** True where it was ended on purpose and its box says that the channel lives: after a hold its tap sends again. */
function mayTapGoOn({ end, channel }: Call): boolean {
  return end !== null && isForGood(end.reason) && channel?.state === 'vouched';
}
