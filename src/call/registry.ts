import {
  type CaptureEvents,
  type ControlHandlers,
  type DropReason,
  type MediaSummary,
  packetNsOf,
  type ReservedPair,
  type ResumedMedia,
  type Source,
} from '../capture/index.ts';
import type { Log } from '../log.ts';
import {
  type ByeMessage,
  type DataHeader,
  type InvMessage,
  type LegName,
  type PortPair,
  uuidOf,
} from '../protocol/index.ts';
import { Call, type EndedCall } from './call.ts';
import { Candidates, type KeptData } from './candidates.ts';
import { DropTally } from './drop-tally.ts';
import { EndedCalls } from './ended-calls.ts';
import { overdue } from './idle-clock.ts';
import { orderOf } from './order.ts';
import { Refusals } from './refusals.ts';
import type { CallRegistryOptions } from './registry-options.ts';
import { nameOfSource } from './source-name.ts';
import { type EndReason, mayResume } from './state.ts';
import { Tap } from './tap.ts';

/** BYE goes another way than DATA and overtakes it: this long late packets are taken. */
const DRAIN_MS = 200;
const TICK_MS = 250;
const REPORT_EVERY_TICKS = 60_000 / TICK_MS;
/** ACKs to BYEs of calls that nobody knows, so that nobody can make us answer for them. */
const UNKNOWN_BYE_PER_S = 10;
const INV_LOST =
  'inv-lost: no INV came for this call; its DATA opened it, so caller and callee are not known';
const NOBODY: InvMessage = { kind: 'inv', uuid: '0', caller: '', callee: '', ports: null };

/** All calls: what the wire says becomes the life of a call, and what a call decides goes out again. */
export class CallRegistry implements ControlHandlers, CaptureEvents {
  readonly #options: CallRegistryOptions;
  readonly #log: Log;
  /** Calls that take media, by UUID. */
  readonly #live = new Map<string, Call>();
  /** Calls until they are archived, by number. */
  readonly #calls = new Map<number, Call>();
  readonly #ended = new EndedCalls();
  readonly #drops: DropTally;
  readonly #candidates: Candidates;
  readonly #refusals: Refusals;
  #timer: NodeJS.Timeout | null = null;
  #lastCallId = 0;
  #bindFailures = 0;
  #closed: Promise<void> | null = null;
  #whenEmpty: (() => void) | null = null;
  #unknownByes = 0;

  constructor(options: CallRegistryOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#drops = new DropTally(options.log);
    this.#candidates = new Candidates((packets) => this.#drops.count('no-call', packets));
    this.#refusals = new Refusals(options.allow, options.log);
  }

  /** Calls that take media now. */
  get liveCalls(): number {
    return this.#live.size;
  }

  start(): void {
    // The first use is slow; no call shall wait for it.
    this.#options.nameOf({ inv: NOBODY, startedAtMs: Date.now() });
    let ticks = 0;
    this.#timer = setInterval(() => {
      this.#tick();
      ticks++;
      if (ticks % (1000 / TICK_MS) === 0) this.#unknownByes = 0;
      if (ticks % REPORT_EVERY_TICKS === 0) this.#drops.report();
    }, TICK_MS);
  }

  /** Ends every call and resolves when the last one is archived. No BYE is sent: taps outlive a restart. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#candidates.clear();
    const nowNs = this.#options.now();
    for (const call of [...this.#live.values()])
      this.#end(call, 'shutdown', 'the server was stopped', nowNs, 0);
    if (this.#calls.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
  }

  /** Logs what was dropped since the start; once capture has stopped nothing is left to come. */
  reportDrops(): void {
    this.#drops.reportAll();
  }

  inv(inv: InvMessage, source: Source, arrivalNs: number): void {
    if (this.#closed !== null) return;
    const known = this.#live.get(inv.uuid);
    if (known) return this.#invOfLive(known, inv, source, arrivalNs);
    this.#candidates.forget(inv.uuid, source);
    const call = this.#create(inv, new Tap(source, inv, this.#options.sourceLock), arrivalNs);
    if (inv.ports) this.#options.pool.reservePair((pair) => this.#answer(call, pair));
    else this.#answer(call, null);
  }

  bye(bye: ByeMessage, source: Source, arrivalNs: number): void {
    const call = this.#live.get(bye.uuid);
    if (!call) return this.#byeOfNoCall(bye, source);
    if (!call.tap.lock.admitsAddress(source.address)) {
      this.#drops.count('wrong-source');
      return call.warnOfForeignBye(nameOfSource(source));
    }
    const tap = call.tapOfBye(source);
    if (!tap) return this.#drops.count('wrong-source');
    this.#ack(bye.uuid, null, source);
    // One that has ended says it again.
    if (tap.state === 'ended') return;
    tap.state = 'ended';
    if (tap !== call.tap) return call.log.info({ from: nameOfSource(source) }, 'a tap has ended');
    const { heir } = call;
    if (heir) this.#changeTap(call, heir, 'said BYE', arrivalNs);
    else this.#end(call, 'bye', 'the tap said BYE', arrivalNs, DRAIN_MS);
  }

  data(
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    const uuid = uuidOf(bytes, header);
    const call = this.#live.get(uuid) ?? this.#ended.draining(uuid);
    if (call) this.#dataOf(call, header.leg, bytes, source, arrivalNs, lagNs);
    else this.#dataOfNoCall(uuid, header, bytes, source, arrivalNs, lagNs);
  }

  malformed(source: Source, reason: string): void {
    this.#drops.count('malformed');
    this.#log.debug({ from: nameOfSource(source), reason }, 'a datagram that is no message');
  }

  refused(source: Source): void {
    this.#drops.count('not-allowed');
    this.#refusals.note(source);
  }

  activity(callId: number, lastArrivalNs: number): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    if (call.lastArrivalNs < 0) call.log.debug('media arrives');
    call.lastArrivalNs = lastArrivalNs;
    call.apply('media');
  }

  finished(callId: number, media: MediaSummary): void {
    const call = this.#calls.get(callId);
    if (call?.end) void this.#archive({ call, end: call.end, media });
  }

  lost(callId: number, error: Error): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    call.log.error({ err: error }, 'the capture worker of this call ended');
    const words = `its capture worker ended: ${error.message}`;
    if (!call.end) {
      call.end = { reason: 'error', words, atNs: this.#options.now() };
      this.#leave(call);
    } else call.end = { ...call.end, reason: 'error', words: `${call.end.words}; then ${words}` };
    call.apply('error');
    void this.#archive({ call, end: call.end, media: null });
  }

  workerDied(error: Error): void {
    this.#log.error({ err: error }, 'a capture worker ended; another takes its place');
  }

  bindFailed(port: number, code: string): void {
    // Where another process has the range there are many: one line says it.
    const level = this.#bindFailures++ === 0 ? 'warn' : 'debug';
    this.#log[level]({ port, code }, 'a port of media.ports can not be bound; another is taken');
  }

  strays(ports: PortPair, count: number): void {
    this.#log.info({ ...ports, count }, 'late packets came to ports whose call had ended');
  }

  dropped(reason: DropReason, count: number): void {
    this.#drops.count(reason, count);
  }

  /** The tap that has the call's ports sends although another one is recorded. */
  duplicates(callId: number, lastArrivalNs: number): void {
    const call = this.#calls.get(callId);
    if (call && !call.end) this.#takesOver(call, call.legsTap, lastArrivalNs);
  }

  resumed(media: ResumedMedia, pair: ReservedPair): void {
    const before = this.#ended.paused(media.uuid);
    // By now another call may have the UUID. The pair rests on, then, and its packets are nobody's.
    if (this.#closed !== null || before?.callId !== media.callId) return;
    const call = this.#create(before.inv, before.legsTap, media.startNs);
    call.ports = { readPort: pair.readPort, writePort: pair.writePort };
    this.#continue(call, before);
    this.#open(call, pair);
  }

  #create(inv: InvMessage, tap: Tap, startNs: number): Call {
    const callId = ++this.#lastCallId;
    const startedAtMs = Date.now() - (this.#options.now() - startNs) / 1e6;
    const log = this.#log.child({ uuid: inv.uuid });
    tap.state = 'running';
    const call = new Call({ callId, inv, tap, startNs, startedAtMs }, log);
    this.#live.set(inv.uuid, call);
    this.#calls.set(callId, call);
    this.#ended.forget(inv.uuid);
    return call;
  }

  /** An INV of a channel that is being recorded: sent again, late, or of a further tap. */
  #invOfLive(call: Call, inv: InvMessage, source: Source, arrivalNs: number): void {
    if (!call.tap.lock.admitsAddress(source.address)) {
      this.#drops.count('wrong-source');
      call.log.debug({ from: nameOfSource(source) }, 'INV from another address than the tap');
      return this.#ack(call.uuid, null, source);
    }
    const { tap, isRepeated } = call.tapOfInv(inv, source, arrivalNs);
    if (!isRepeated) return this.#ack(call.uuid, null, source);
    if (tap === call.legsTap && call.state === 'inviting') return;
    if (tap === call.legsTap) this.#ack(call.uuid, call.ports, source, call.isNumbered);
    else this.#ack(call.uuid, null, source);
  }

  /** Answers the INV, then has the worker open the call. */
  #answer(call: Call, pair: ReservedPair | null): void {
    if (call.state === 'ended') return;
    call.ports = pair ? { readPort: pair.readPort, writePort: pair.writePort } : null;
    this.#ack(call.uuid, call.ports, call.source, call.isNumbered);
    if (call.inv.ports && !pair)
      call.warn('no port of media.ports was free; the audio came to the control port');
    this.#open(call, pair);
    // The tap may have gone while no port was ready.
    if (pair && call.tap !== call.legsTap) this.#options.pool.setLegs(call.callId, false);
    if (call.end) this.#options.pool.end(call.callId, call.end.atNs, DRAIN_MS, false);
  }

  #open(call: Call, pair: ReservedPair | null): void {
    const { caller, callee } = call.inv;
    call.log.info(
      { caller, callee, from: nameOfSource(call.source), ports: call.ports },
      'call started',
    );
    this.#options.pool.open(orderOf(call, pair, this.#options.nameOf(call)), pair);
    call.apply('opened');
  }

  #dataOf(
    call: Call,
    leg: LegName,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    if (call.state === 'inviting') return this.#drop(call, leg, 'no-call');
    if (!call.tap.lock.admitsAddress(source.address)) return this.#drop(call, leg, 'wrong-source');
    const tap = call.tapOfData(leg, source);
    if (!tap) return this.#drop(call, leg, 'wrong-source');
    tap.sent(arrivalNs);
    if (tap !== call.tap && !this.#takesOver(call, tap, arrivalNs))
      return this.#drop(call, leg, 'duplicate-tap');
    this.#options.pool.deliver(call.callId, arrivalNs, lagNs, bytes);
  }

  /** Has a further tap recorded where it goes on sending and the one that is recorded does not. */
  #takesOver(call: Call, tap: Tap, arrivalNs: number): boolean {
    if (tap.lastArrivalNs < arrivalNs) tap.sent(arrivalNs);
    if (call.end || !call.isOutlastedBy(tap)) return false;
    this.#changeTap(call, tap, 'was silent for 2 s', arrivalNs);
    return true;
  }

  #changeTap(call: Call, heir: Tap, why: string, nowNs: number): void {
    call.changeTap(heir, why, nowNs);
    if (call.ports) this.#options.pool.setLegs(call.callId, heir === call.legsTap);
  }

  #dataOfNoCall(
    uuid: string,
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    if (this.#ended.isLateData(uuid, source, this.#options.now())) return this.#drops.count('late');
    const paused = this.#ended.paused(uuid);
    if (paused && !mayContinue(paused, source)) return this.#drops.count('wrong-source');
    if (this.#closed !== null) return this.#drops.count('no-call');
    const packets = this.#candidates.add(header, bytes, source, arrivalNs, lagNs);
    if (packets) this.#openUninvited(uuid, packets, paused);
  }

  /** A call without an INV: it was lost, or came to a call that has ended for want of media. */
  #openUninvited(uuid: string, packets: KeptData[], paused: Call | undefined): void {
    const first = packets[0] as KeptData;
    const startNs = first.arrivalNs - packetNsOf(first.payloadType, first.payloadBytes);
    const { sourceLock } = this.#options;
    const tap = paused?.knownTap(first.source) ?? new Tap(first.source, null, sourceLock);
    const call = this.#create(paused?.inv ?? { ...NOBODY, uuid }, tap, startNs);
    if (paused) this.#continue(call, paused);
    else call.warn(INV_LOST);
    this.#open(call, null);
    for (const { leg, datagram, source, arrivalNs, lagNs } of packets)
      this.#dataOf(call, leg, datagram, source, arrivalNs, lagNs);
  }

  /** The call is the next segment of one that had ended for want of media. */
  #continue(call: Call, before: Call): void {
    call.continue(before);
    call.log.warn({ endReason: before.end?.reason }, 'DATA of a call that had ended goes on');
  }

  #byeOfNoCall(bye: ByeMessage, source: Source): void {
    this.#candidates.forget(bye.uuid, source);
    const isLate = this.#ended.isLateBye(bye.uuid, source, this.#options.now());
    this.#drops.count(isLate ? 'late' : 'no-call');
    if (isLate || ++this.#unknownByes <= UNKNOWN_BYE_PER_S) this.#ack(bye.uuid, null, source);
  }

  #ack(uuid: string, ports: PortPair | null, to: Source, seq = false): void {
    this.#options.send({ kind: 'ack', uuid, ports, seq }, to, false);
  }

  #drop(call: Call, leg: LegName, reason: DropReason): void {
    call.drop(leg, reason);
    this.#drops.count(reason);
  }

  #tick(): void {
    const nowNs = this.#options.now();
    this.#ended.sweep(nowNs);
    this.#candidates.sweep(nowNs);
    for (const call of [...this.#live.values()]) {
      const over = overdue(call, this.#options.limits, nowNs);
      if (!over) continue;
      const endNs = over.reason === 'idle' ? null : nowNs;
      this.#end(call, over.reason, over.words, endNs, 0);
      // Any packet is longer than a BYE; but where the source is not looked at it may be another's.
      const isPaid = call.lastArrivalNs >= 0 && this.#options.sourceLock !== 'off';
      this.#options.send({ kind: 'bye', uuid: call.uuid }, call.tap.source, isPaid);
    }
  }

  #end(call: Call, reason: EndReason, words: string, atNs: number | null, drainMs: number): void {
    const opened = call.state !== 'inviting';
    call.end = { reason, words, atNs };
    call.apply(reason);
    this.#leave(call);
    if (opened) this.#options.pool.end(call.callId, atNs, drainMs, mayResume(reason));
  }

  /** The UUID is free for a further call. */
  #leave(call: Call): void {
    if (this.#live.get(call.uuid) === call) this.#live.delete(call.uuid);
    this.#ended.add(call, this.#options.now());
  }

  async #archive(ended: EndedCall): Promise<void> {
    const { call, media } = ended;
    this.#ended.archived(call);
    call.segment = media?.recording.segment ?? null;
    call.noteContinuation();
    await this.#options.archive(ended);
    call.apply('finished');
    this.#calls.delete(call.callId);
    if (this.#calls.size === 0) this.#whenEmpty?.();
  }
}

/** Whether DATA at the control port may take up a call that had ended: by its own source, as while it ran. */
function mayContinue(paused: Call, source: Source): boolean {
  const { lock } = paused.tap;
  if (!lock.admitsAddress(source.address)) return false;
  if (lock.mode === 'off' || paused.knownTap(source)) return true;
  return lock.mode === 'address' && paused.ports === null;
}
