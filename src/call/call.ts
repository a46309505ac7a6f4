import { randomUUID } from 'node:crypto';
import type { DropReason, MediaSummary, Source } from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { InvMessage, LegName, PortPair } from '../protocol/index.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Hangup } from './idle-clock.ts';
import { nameOfSource } from './source-name.ts';
import { type CallEvent, type CallState, type EndReason, mayResume, next } from './state.ts';
import { SILENCE_NS, Tap } from './tap.ts';

/** A channel with more taps than this has a problem that remembering them would not solve. */
const MAX_OTHER_TAPS = 8;
/** A call lists at most this many changes of tap. */
const MAX_EVENTS = 100;

/** A call whose worker dies this often may be what kills it, and does not go on. */
const MAX_WORKERS_LOST = 5;

/** How and when a call ended. */
export interface CallEnd {
  reason: EndReason;
  words: string;
  /** On the process's monotonic clock; null: at the last packet. */
  atNs: number | null;
}

/** Who a call is between, as far as it is known: by the events, else by its INV. */
export interface CallFacts {
  uuid: string;
  caller: string;
  callee: string;
  startedAtMs: number;
  /** Null as long as no event tells. */
  box: string | null;
  direction: string | null;
}

export interface CallStart {
  callId: number;
  channels: Pick<Channels, 'get'>;
  inv: InvMessage;
  tap: Tap;
  startNs: number;
  startedAtMs: number;
  /** Of a call that another server has recorded; else it gets one. */
  recordId?: string;
}

/** Another tap is recorded from then on. */
export interface TapNote {
  atNs: number;
  event: 'tap-changed';
  text: string;
}

/** One recording of one channel, from its INV to its final files; the taps of the channel may change meanwhile. */
export class Call {
  readonly callId: number;
  /** Unique for ever, across nodes. */
  readonly recordId: string;
  /** Its caller and callee are empty where it was lost. */
  inv: InvMessage;
  /** Where the first tap's INV came from. */
  readonly source: Source;
  /** Arrival of the INV, on the monotonic and on the wall clock. */
  readonly startNs: number;
  readonly startedAtMs: number;
  /** The ACK of its INV accepts numbered packets; settled with the first one, or without an INV. */
  isNumbered: boolean;
  readonly log: Log;
  readonly warnings: string[] = [];
  readonly notes: TapNote[] = [];
  /** What the control port dropped; the leg ports count for themselves. */
  readonly dropped: Record<LegName, Partial<Record<DropReason, number>>> = { R: {}, W: {} };
  /** Last arrival of a packet that was taken; up to 250 ms behind. */
  lastArrivalNs = -1;
  /** The ports that an ACK named; null for a bare one. */
  ports: PortPair | null = null;
  end: CallEnd | null = null;
  /** When its channel hung up; its tap's BYE is about to come, or lost. */
  hangup: Hangup | null = null;
  /** When its box last said that the channel lives, up to 250 ms behind; -1 where none ever did. */
  vouchedNs = -1;
  /** Workers that have died over this call and those it continues. */
  workersLost = 0;
  /** What had been lost by then where its DATA waits at the control port. */
  overflowsBefore = 0;
  /** Path of its files below the recordings folder, without segment, leg and ending; empty before it is opened. */
  name = '';
  /** The call that had its UUID before, where that is still known; until this one is archived. */
  previous: Call | null = null;
  /** recordId of the call that has its UUID after it. */
  next: string | null = null;
  /** Of its recording, once that is final. */
  segment: number | null = null;
  /** The tap that is recorded. */
  tap: Tap;
  /** The one that was given `ports`; others send to the control port. */
  readonly legsTap: Tap;
  /** Further taps of the same channel, whose frames would come twice; one that has ended stays, since its BYE may be repeated. */
  readonly otherTaps: Tap[] = [];
  readonly #channels: Pick<Channels, 'get'>;
  #channel: Channel | null = null;
  #state: CallState = 'inviting';
  #isSilenceSaid = false;
  #hasForeignBye = false;
  #isContinuation = false;
  #tapsAdded = 0;

  constructor(start: CallStart, log: Log) {
    this.callId = start.callId;
    this.recordId = start.recordId ?? randomUUID();
    this.#channels = start.channels;
    this.inv = start.inv;
    this.tap = start.tap;
    this.legsTap = start.tap;
    this.isNumbered = start.tap.inv?.extension?.seq === true;
    this.source = start.tap.source;
    this.startNs = start.startNs;
    this.startedAtMs = start.startedAtMs;
    this.log = log;
  }

  get uuid(): string {
    return this.inv.uuid;
  }

  get state(): CallState {
    return this.#state;
  }

  /** What FreeSWITCH says of its channel; null as long as no event socket knows it. Once known it stays. */
  get channel(): Channel | null {
    if (this.#channel) return this.#channel;
    const known = this.#channels.get(this.uuid) ?? null;
    // While the call runs, one that has hung up had its UUID before.
    if (known?.state !== 'gone' || this.end) this.#channel = known;
    return this.#channel;
  }

  get facts(): CallFacts {
    const { uuid, inv, startedAtMs } = this;
    const info = this.channel?.info;
    const caller = info?.callerNumber || inv.caller;
    const callee = info?.calleeNumber || inv.callee;
    const { box = null, direction = null } = info ?? {};
    return { uuid, caller, callee, startedAtMs, box, direction };
  }

  /** It has ended, and goes on in a further segment when its tap does. */
  get mayResume(): boolean {
    return this.end !== null && mayResume(this.end.reason) && this.workersLost < MAX_WORKERS_LOST;
  }

  /** Once a call: whoever forges one can forge many. */
  warnOfForeignBye(from: string): void {
    if (!this.#hasForeignBye)
      this.log.warn({ from }, 'BYE from another address than the tap: ignored');
    this.#hasForeignBye = true;
  }

  apply(event: CallEvent): void {
    this.#state = next(this.#state, event);
  }

  /** The channel has hung up. */
  hungUp(channel: Channel, atNs: number): void {
    this.#channel = channel;
    const { hangupCause: cause, hungUpAtMs } = channel.info;
    this.hangup ??= { atNs, cause, isHeard: cause !== null || hungUpAtMs !== null };
  }

  /** Once a call: it stays, though nothing comes. */
  warnOfSilence(text: string): void {
    if (!this.#isSilenceSaid) this.warn(text);
    this.#isSilenceSaid = true;
  }

  drop(leg: LegName, reason: DropReason): void {
    this.dropped[leg][reason] = (this.dropped[leg][reason] ?? 0) + 1;
  }

  warn(text: string): void {
    this.warnings.push(text);
    this.log.warn(text);
  }

  /** The tap, of all, that a datagram of this UUID from here can only be of. */
  knownTap(uuid: string, source: Source): Tap | null {
    return this.tap.knows(uuid, source) ? this.tap : this.#otherTapAt(uuid, source);
  }

  /** The tap that DATA on the control port is of, and a new one where it is of none; null where it is nobody's. */
  tapOfData(uuid: string, leg: LegName, source: Source): Tap | null {
    if (this.#isOfTap(uuid, leg, source)) return this.tap;
    const { address, port } = source;
    const { mode } = this.tap.lock;
    const known = this.#otherTapAt(uuid, source);
    if (known || mode === 'strict') return known;
    // A tap that nobody has heard of is one whose INV was lost.
    for (const tap of this.otherTaps)
      if (!tap.inv && tap.uuid === uuid && tap.lock.admits(leg, address, port)) return tap;
    const tap = new Tap(uuid, source, null, mode);
    tap.lock.admits(leg, address, port);
    return this.#addTap(tap) ? tap : null;
  }

  /** The tap whose BYE this is: from a port that is nobody's it is of the recorded one, unless ports count. */
  tapOfBye(uuid: string, source: Source): Tap | null {
    const known = this.knownTap(uuid, source);
    if (known || this.tap.lock.mode === 'strict') return known;
    return [this.tap, ...this.otherTaps].find((tap) => tap.uuid === uuid) ?? null;
  }

  /** The tap whose INV this is: sent again, late behind its DATA, or of a further tap. */
  tapOfInv(inv: InvMessage, source: Source, arrivalNs: number): { tap: Tap; isRepeated: boolean } {
    const found = this.#tapOfInv(inv, source);
    found.tap.heardNs = Math.max(found.tap.heardNs, arrivalNs);
    return found;
  }

  #tapOfInv(inv: InvMessage, source: Source): { tap: Tap; isRepeated: boolean } {
    const taps = [this.tap, ...this.otherTaps];
    const repeated = taps.find((tap) => tap.isRepeated(inv, source));
    if (repeated) {
      repeated.state = 'running';
      return { tap: repeated, isRepeated: true };
    }
    const late = taps.find((tap) => tap.isOfLostInv(inv, source));
    if (late) {
      late.inv = inv;
      if (late === this.tap && this.inv.caller + this.inv.callee === '') this.inv = inv;
      return { tap: late, isRepeated: false };
    }
    const tap = new Tap(inv.uuid, source, inv, this.tap.lock.mode);
    this.#addTap(tap);
    return { tap, isRepeated: false };
  }

  /** True where a further tap has gone on sending for so long that the recorded one has stopped. */
  isOutlastedBy(tap: Tap): boolean {
    if (tap === this.tap || tap.state === 'ended') return false;
    return tap.outlasts(Math.max(this.lastArrivalNs, this.tap.lastArrivalNs, this.startNs));
  }

  #isOfTap(uuid: string, leg: LegName, source: Source): boolean {
    const { tap } = this;
    if (tap.uuid !== uuid) return false;
    const isKnown = tap.knows(uuid, source);
    if (!isKnown && this.#otherTapAt(uuid, source)) return false;
    // One that has ports sends to the control port only where it has not heard so, from ports that are known.
    const hasPorts = this.ports !== null && tap === this.legsTap;
    if (!isKnown && hasPorts && tap.lock.mode !== 'off') return false;
    return tap.lock.admits(leg, source.address, source.port);
  }

  #otherTapAt(uuid: string, source: Source): Tap | null {
    for (const tap of this.otherTaps) if (tap.knows(uuid, source)) return tap;
    return null;
  }

  /** False where there are too many already. */
  #addTap(tap: Tap): boolean {
    if (this.otherTaps.length >= MAX_OTHER_TAPS) {
      const gone = this.otherTaps.findIndex(({ state }) => state === 'ended');
      if (gone < 0) return false;
      this.otherTaps.splice(gone, 1);
    }
    this.otherTaps.push(tap);
    if (++this.#tapsAdded > MAX_EVENTS) return true;
    const text = `a second tap from ${nameOfSource(tap.source)} runs on this call; its frames are dropped`;
    this.warnings.push(text);
    this.log.warn({ from: nameOfSource(tap.source) }, text);
    return true;
  }

  /**
   * The tap to go on with when the recorded one stops: of those that run, the one that sent last. One that
   * fell silent before the recorded one did is gone, and its BYE was lost.
   */
  get heir(): Tap | null {
    const sinceNs = Math.max(this.lastArrivalNs, this.tap.lastArrivalNs) - SILENCE_NS;
    let heir: Tap | null = null;
    for (const tap of this.otherTaps) {
      if (tap.state !== 'running' || tap.heardNs < sinceNs) continue;
      if (tap.lastArrivalNs >= (heir?.lastArrivalNs ?? -1)) heir = tap;
    }
    return heir;
  }

  /** This is the next segment of its UUID. */
  follow(before: Call): void {
    this.previous = before;
    before.next = this.recordId;
  }

  /** That segment had ended although its tap goes on. */
  continue(before: Call): void {
    this.#isContinuation = true;
    this.workersLost = before.workersLost;
    // Its numbers count from the start of the first segment.
    this.isNumbered = false;
    for (const tap of [before.tap, ...before.otherTaps])
      if (tap !== this.tap && tap.state === 'running') this.otherTaps.push(tap);
  }

  /** Tells the manifest which recording comes before this one; once that is final its number is known. */
  noteContinuation(): void {
    const before = this.previous;
    if (!before || !this.#isContinuation) return;
    const which = before.segment === null ? 'an earlier segment' : `segment ${before.segment}`;
    this.warnings.push(`goes on from ${which}, which had ended: ${before.end?.words}`);
  }

  /** `overflows`: what has been lost by now where its DATA waits, if that is at the control port. */
  noteOverflows(overflows: number): void {
    const packets = overflows - this.overflowsBefore;
    if (this.ports !== null || packets === 0) return;
    this.warnings.push(
      `${packets} packets of this call, or of others that came beside it, were lost because this machine was too busy to read them`,
    );
  }

  /** Has another tap recorded from now on. */
  changeTap(heir: Tap, why: string, nowNs: number): void {
    const before = this.tap;
    this.otherTaps[this.otherTaps.indexOf(heir)] = before;
    this.tap = heir;
    const text = `the tap from ${nameOfSource(before.source)} ${why}; the one from ${nameOfSource(heir.source)} is recorded in its place`;
    this.log.warn(text);
    if (this.notes.length >= MAX_EVENTS) return;
    this.notes.push({ atNs: nowNs, event: 'tap-changed', text });
    const at = new Date(this.startedAtMs + (nowNs - this.startNs) / 1e6).toISOString();
    this.warnings.push(`${at}: ${text}`);
  }
}

/** A call that is over; `media` is null where its worker was lost. */
export interface EndedCall {
  call: Call;
  end: CallEnd;
  media: MediaSummary | null;
}
