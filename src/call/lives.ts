import type { MediaSummary, ReservedPair } from '../capture/index.ts';
import type { InvMessage } from '../protocol/index.ts';
import type { Answers } from './answers.ts';
import { Call, type EndedCall } from './call.ts';
import type { Channel } from './channel.ts';
import type { EndedCalls } from './ended-calls.ts';
import { Hangups } from './hangups.ts';
import { overdue, silentThough } from './idle-clock.ts';
import { orderOf, tagsOf } from './order.ts';
import type { CallRegistryOptions } from './registry-options.ts';
import { nameOfSource } from './source-name.ts';
import type { EndReason } from './state.ts';
import { Tap } from './tap.ts';
import type { TapNote } from './tap-note.ts';

/** BYE goes another way than DATA and overtakes it: this long late packets are taken. */
export const DRAIN_MS = 200;

/** The life of every call: it begins, its worker opens it, it ends, its files become final, it is archived. */
export class Lives {
  readonly #options: CallRegistryOptions;
  readonly #ended: EndedCalls;
  readonly #answers: Answers;
  readonly #hangups = new Hangups();
  /** Calls that take media, by UUID. */
  readonly #live = new Map<string, Call>();
  readonly #liveAs = (uuid: string) => this.#live.get(uuid);
  /** Calls until they are archived, by number. */
  readonly #calls = new Map<number, Call>();
  /** Those of servers before, by recordId. */
  readonly #recalled = new Map<string, Call>();
  #lastCallId = 0;
  #closed: Promise<void> | null = null;
  #whenEmpty: (() => void) | null = null;

  constructor(options: CallRegistryOptions, ended: EndedCalls, answers: Answers) {
    this.#options = options;
    this.#ended = ended;
    this.#answers = answers;
  }

  /** Calls that take media now. */
  get size(): number {
    return this.#live.size;
  }

  /** Those and the ones that have ended and are not archived yet. */
  get unfiled(): number {
    return this.#calls.size;
  }

  get isClosing(): boolean {
    return this.#closed !== null;
  }

  /** The calls that take media now. */
  get all(): Iterable<Call> {
    return this.#live.values();
  }

  /** The call that takes media of the channel of this UUID, which may have had another when the call began. */
  live(uuid: string): Call | undefined {
    return this.#live.get(uuid) ?? this.#options.channels.find(uuid, this.#liveAs);
  }

  /** A call that is not archived yet. */
  numbered(callId: number): Call | undefined {
    return this.#calls.get(callId);
  }

  begin(inv: InvMessage, tap: Tap, startNs: number): Call {
    const callId = ++this.#lastCallId;
    const startedAtMs = Date.now() - (this.#options.now() - startNs) / 1e6;
    const log = this.#options.log.child({ uuid: inv.uuid });
    tap.state = 'running';
    const { channels } = this.#options;
    const call = new Call({ callId, channels, inv, tap, startNs, startedAtMs }, log);
    call.overflowsBefore = this.#options.overflowsBeside(tap.uuid);
    this.#live.set(inv.uuid, call);
    this.#calls.set(callId, call);
    const before = this.#ended.known(inv.uuid);
    if (before) {
      call.follow(before);
      this.#ended.forget(before.uuid);
    }
    this.#options.began(inv.uuid);
    return call;
  }

  /** Takes over from a server that has ended: the call goes on when its tap does. */
  recall(note: TapNote, nowNs: number): Call {
    const { inv, startedAtMs, recordId } = note;
    const [tap = null, recorded = null] = note.taps.map((each) => {
      return new Tap(each.inv?.uuid ?? inv.uuid, each.source, each.inv, this.#options.sourceLock);
    });
    const { channels } = this.#options;
    const start = { callId: ++this.#lastCallId, channels, inv, startNs: nowNs, startedAtMs };
    const log = this.#options.log.child({ uuid: inv.uuid });
    const call = new Call({ ...start, tap: tap as Tap, recordId }, log);
    if (recorded) call.tap = recorded;
    if (recorded) call.otherTaps.push(tap as Tap);
    const words = note.ended ?? 'the server ended without notice';
    Object.assign(call, { name: note.name, ports: note.ports, segment: note.segment });
    call.end = { reason: 'recovered', words, atNs: nowNs };
    call.apply('recovered');
    call.apply('finished');
    this.#recalled.set(recordId, call);
    this.#ended.add(call, nowNs);
    this.#ended.archived(call);
    return call;
  }

  /** recordId of the call that goes on from that of a server before; null as long as none does. */
  nextOf(recordId: string): string | null {
    return this.#recalled.get(recordId)?.next ?? null;
  }

  /** Begins the next segment of a call that had ended although its tap goes on. */
  continue(before: Call, tap: Tap, startNs: number): Call {
    const call = this.begin(before.inv, tap, startNs);
    call.continue(before);
    call.log.warn({ endReason: before.end?.reason }, 'DATA of a call that had ended goes on');
    return call;
  }

  /** Answers the INV, then has the worker open the call. */
  answer(call: Call, pair: ReservedPair | null): void {
    if (call.state === 'ended') return;
    call.ports = pair ? { readPort: pair.readPort, writePort: pair.writePort } : null;
    this.#answers.ack(call.uuid, call.ports, call.source, call.isNumbered);
    if (call.inv.ports && !pair)
      call.warn('no port of media.ports was free; the audio came to the control port');
    this.open(call, pair);
    // The tap may have gone while no port was ready.
    if (pair && call.tap !== call.legsTap) this.#options.pool.setLegs(call.callId, false);
    if (!call.end) return;
    this.#tag(call);
    // By now its tap may have said BYE, or another call may have its UUID.
    const mayResume = this.#ended.paused(call.uuid) === call;
    this.#options.pool.end(call.callId, call.end.atNs, DRAIN_MS, mayResume);
  }

  open(call: Call, pair: ReservedPair | null): void {
    const { facts } = call;
    const { box, caller, callee } = facts;
    call.log.info(
      { box, caller, callee, from: nameOfSource(call.source), ports: call.ports },
      'call started',
    );
    call.name = this.#options.nameOf(facts);
    this.#options.pool.open(orderOf(call, pair, this.#options.node), pair);
    this.note(call);
    call.apply('opened');
  }

  end(call: Call, reason: EndReason, words: string, atNs: number | null, drainMs: number): void {
    const opened = call.state !== 'inviting';
    call.end = { reason, words, atNs };
    call.apply(reason);
    this.#leave(call);
    if (!opened) return;
    this.#tag(call);
    this.#options.pool.end(call.callId, atNs, drainMs, call.mayResume);
  }

  /** Ends the calls that have run out of time, and tells their taps. */
  endOverdue(nowNs: number): void {
    const { limits } = this.#options;
    for (const call of [...this.#live.values()]) {
      if (call.channel?.state === 'vouched') call.vouchedNs = nowNs;
      const over = overdue(call, limits, nowNs);
      const silence = over ? null : silentThough(call, limits, nowNs);
      if (silence !== null) call.warnOfSilence(silence);
      if (!over) continue;
      this.end(call, over.reason, over.words, over.atNs, 0);
      // With its channel the tap is gone too.
      if (over.reason !== 'hangup') this.#answers.bye(call);
    }
  }

  /** The channel is gone: its call ends soon, if its tap's BYE does not end it before. */
  hungUp(channel: Channel): void {
    for (const uuid of channel.uuids) {
      const call = this.#live.get(uuid);
      // A channel of another box may have the UUID as well.
      if (call && (call.channel ?? channel) === channel) call.hungUp(channel, this.#options.now());
    }
    this.#hangups.hungUp(channel);
  }

  /** Ends a call for good and tells its taps; what they still send is late. */
  stop(call: Call, words: string): void {
    this.#options.catchUp(call.tap.uuid);
    this.end(call, 'stopped', words, this.#options.now(), 0);
    this.#answers.bye(call);
  }

  /** The call's files are final. */
  finished(callId: number, media: MediaSummary): void {
    const call = this.#calls.get(callId);
    if (call?.end) void this.#archive({ call, end: call.end, media });
  }

  /** The call's worker is gone. */
  lost(callId: number, error: Error): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    call.log.error({ err: error }, 'the capture worker of this call ended');
    const words = `its capture worker ended: ${error.message}`;
    call.workersLost++;
    if (!call.end) {
      call.end = { reason: 'error', words, atNs: this.#options.now() };
      this.#leave(call);
    } else call.end = { ...call.end, reason: 'error', words: `${call.end.words}; then ${words}` };
    // The pool waits for its media at its ports, as it may go on.
    if (this.#ended.paused(call.uuid) !== call) this.#options.pool.unwatch(callId);
    call.apply('error');
    void this.#archive({ call, end: call.end, media: null });
  }

  /** Notes the call's taps for a further server, for as long as they may go on: a stop of this one ends none. */
  note(call: Call): void {
    const { notes } = this.#options;
    if (call.name === '') return;
    const mayGoOn = call.end === null || call.mayResume || call.end.reason === 'shutdown';
    if (mayGoOn) notes.write(call);
    else notes.remove(call);
  }

  /** Ends every call and resolves when the last one is archived. No BYE is sent: taps outlive a restart. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const nowNs = this.#options.now();
    this.#hangups.close();
    for (const call of [...this.#live.values()])
      this.end(call, 'shutdown', 'the server was stopped', nowNs, 0);
    if (this.#calls.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
  }

  /** By now the events may tell more than when the files were opened. */
  #tag(call: Call): void {
    if (call.channel) this.#options.pool.setTags(call.callId, tagsOf(call));
  }

  /** The UUID is free for a further call. */
  #leave(call: Call): void {
    if (this.#live.get(call.uuid) === call) this.#live.delete(call.uuid);
    this.#ended.add(call, this.#options.now());
    this.note(call);
  }

  async #archive(ended: EndedCall): Promise<void> {
    const { call, media } = ended;
    this.#ended.archived(call);
    call.segment = media?.recording.segment ?? null;
    if (ended.end.reason === 'shutdown') this.note(call);
    call.noteContinuation();
    call.noteOverflows(this.#options.overflowsBeside(call.legsTap.uuid));
    if (call.channel && this.#hangups.isAwaited(call)) await this.#hangups.of(call.channel);
    await this.#options.archive(ended);
    call.previous = null;
    call.apply('finished');
    this.#calls.delete(call.callId);
    if (this.#calls.size === 0) this.#whenEmpty?.();
  }
}
