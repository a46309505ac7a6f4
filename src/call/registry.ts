import type {
  CaptureEvents,
  ControlHandlers,
  DropReason,
  MediaSummary,
  RecalledPair,
  ReservedPair,
  ResumedMedia,
  Source,
} from '../capture/index.ts';
import type { Log } from '../log.ts';
import {
  type ByeMessage,
  type DataHeader,
  type InvMessage,
  type PortPair,
  UuidTexts,
} from '../protocol/index.ts';
import { Answers } from './answers.ts';
import { CallCap } from './call-cap.ts';
import { startOf } from './candidates.ts';
import type { Channel } from './channel.ts';
import { DropTally } from './drop-tally.ts';
import { EndedCalls } from './ended-calls.ts';
import { type LiveCall, liveCallOf } from './live-call.ts';
import { Lives } from './lives.ts';
import { Orphans } from './orphans.ts';
import { Overflows } from './overflows.ts';
import { Refusals } from './refusals.ts';
import type { CallRegistryOptions } from './registry-options.ts';
import { SourceLimits } from './source-limits.ts';
import { nameOfSource } from './source-name.ts';
import { Tap } from './tap.ts';
import type { TapNote } from './tap-note.ts';
import { TapTraffic } from './tap-traffic.ts';
import { UntappedCall } from './untapped-call.ts';

const TICK_MS = 250;
const TICKS_PER_S = 1000 / TICK_MS;
const NOBODY = { uuid: '0', caller: '', callee: '', box: null, direction: null };

/** All calls: what the wire and the workers say goes to the part that it concerns. */
export class CallRegistry implements ControlHandlers, Omit<CaptureEvents, 'disk'> {
  readonly #options: CallRegistryOptions;
  readonly #log: Log;
  readonly #ended: EndedCalls;
  readonly #drops: DropTally;
  readonly #uuids = new UuidTexts();
  readonly #refusals: Refusals;
  readonly #overflows: Overflows;
  readonly #answers: Answers;
  readonly #lives: Lives;
  readonly #taps: TapTraffic;
  readonly #orphans: Orphans;
  readonly #cap: CallCap;
  readonly #limits: SourceLimits;
  /** Calls without audio that are being filed. */
  readonly #untapped = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #closed: Promise<void> | null = null;
  #bindFailures = 0;

  constructor(options: CallRegistryOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#drops = new DropTally(options.log);
    this.#limits = new SourceLimits(options.peers, this.#drops, options.log);
    this.#refusals = new Refusals(options.allow, options.log);
    this.#overflows = new Overflows(options.log);
    this.#answers = new Answers(options);
    this.#ended = new EndedCalls(options.channels, (call) => {
      options.pool.unwatch(call.callId);
      // Behind the note of the call that goes on from it.
      setImmediate(() => options.notes.remove(call));
    });
    this.#lives = new Lives(options, this.#ended, this.#answers);
    this.#taps = new TapTraffic(options.pool, this.#lives, this.#answers, this.#drops);
    const { now, log } = options;
    this.#cap = new CallCap(
      { maxCalls: options.limits.maxCalls, now, log },
      this.#lives,
      this.#drops,
    );
    this.#orphans = new Orphans(options, {
      cap: this.#cap,
      limits: this.#limits,
      lives: this.#lives,
      ended: this.#ended,
      taps: this.#taps,
      answers: this.#answers,
      drops: this.#drops,
    });
  }

  /** Calls that take media now. */
  get liveCalls(): number {
    return this.#lives.size;
  }

  /** Datagrams that went nowhere since the start, by reason. */
  get drops(): Readonly<Record<string, number>> {
    return this.#drops.total;
  }

  start(): void {
    // The first use is slow; no call shall wait for it.
    this.#options.nameOf({ ...NOBODY, startedAtMs: Date.now() });
    let ticks = 0;
    this.#timer = setInterval(() => {
      this.#tick();
      ticks++;
      if (ticks % TICKS_PER_S === 0) this.#answers.nextSecond();
    }, TICK_MS);
  }

  /**
   * Takes over the taps of servers that have ended: a call goes on as the next segment when something comes
   * for it. Returns what there is to watch at the ports. To be called before anything can come.
   */
  recall(notes: readonly TapNote[]): RecalledPair[] {
    const nowNs = this.#options.now();
    return notes.flatMap((note) => {
      const { callId, uuid, ports, legsTap } = this.#lives.recall(note, nowNs);
      const { address } = legsTap.source;
      const announced = legsTap.inv?.ports ?? null;
      return ports ? [{ call: { callId, uuid, address, announced }, ports }] : [];
    });
  }

  /** recordId of the call that goes on from that of a server before; null as long as none does. */
  nextOf(recordId: string): string | null {
    return this.#lives.nextOf(recordId);
  }

  /** Ends every call and resolves when the last one is archived. No BYE is sent: taps outlive a restart. Idempotent. */
  close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#orphans.clear();
    this.#closed ??= this.#lives.close().then(async () => {
      await Promise.all(this.#untapped);
    });
    return this.#closed;
  }

  /** Logs what was dropped since the start; once capture has stopped nothing is left to come. */
  reportDrops(): void {
    this.#drops.reportAll();
  }

  /**
   * `live`: a call takes media of this channel, under any UUID it has had. `heard`: DATA came, too little
   * yet to open a call.
   */
  stateOf(uuid: string): 'live' | 'heard' | 'none' {
    if (this.#lives.live(uuid)) return 'live';
    return this.#orphans.hasHeard(uuid) ? 'heard' : 'none';
  }

  /** The channel has hung up: its call ends within 1.3 s, as `hangup` unless its tap's BYE comes before. */
  hungUp(channel: Channel): void {
    this.#lives.hungUp(channel);
  }

  /** Ends the channel's call for good and sends BYE to its tap; false where there is none. `words` go to the manifest. */
  stop(uuid: string, words: string): boolean {
    const call = this.#lives.live(uuid);
    if (call) this.#lives.stop(call, words);
    return call !== undefined;
  }

  /** Files a call without audio, and the reason in words; not where its tap was over before anybody asked. */
  notTapped(channel: Channel, reason: string): void {
    if (this.#ended.wasRecorded(channel)) return;
    const call = new UntappedCall(channel, reason, this.#options.now(), Date.now(), this.#log);
    call.name = this.#options.nameOf(call.facts);
    const filed = this.#options.archiveUntapped(call).then(() => void this.#untapped.delete(filed));
    this.#untapped.add(filed);
  }

  /** The calls that take media now, as their workers see them; of a worker that does not answer within 1 s without counts. */
  async snapshot(): Promise<LiveCall[]> {
    const stats = await this.#options.pool.stats();
    const byCall = new Map(stats.map((one) => [one.callId, one]));
    const nowNs = this.#options.now();
    return [...this.#lives.all].map((call) => liveCallOf(call, byCall.get(call.callId), nowNs));
  }

  inv(inv: InvMessage, source: Source, arrivalNs: number): void {
    if (this.#lives.isClosing) return;
    // DATA of the tap before may wait. Of a first one nothing does but what came right behind its INV.
    if (this.#lives.live(inv.uuid) || this.#ended.known(inv.uuid)) this.#options.catchUp(inv.uuid);
    const known = this.#lives.live(inv.uuid);
    if (known) return this.#taps.inv(known, inv, source, arrivalNs);
    if (this.#orphans.inv(inv, source)) return;
    if (!this.#cap.admits(1) || !this.#limits.admits(source, 1, arrivalNs)) return;
    const early = this.#orphans.takeEarly(inv, source);
    const tap = new Tap(inv.uuid, source, inv, this.#options.sourceLock);
    const call = this.#lives.begin(inv, tap, Math.min(arrivalNs, ...early.map(startOf)));
    if (inv.ports) this.#options.pool.reservePair((pair) => this.#lives.answer(call, pair));
    else this.#lives.answer(call, null);
    for (const { leg, datagram, source, arrivalNs, lagNs } of early)
      this.#taps.data(call, inv.uuid, leg, datagram, source, arrivalNs, lagNs);
  }

  bye(bye: ByeMessage, source: Source, arrivalNs: number): void {
    const paused = this.#lives.live(bye.uuid) ? undefined : this.#ended.paused(bye.uuid);
    if (!paused?.ports) return this.#bye(bye, source, arrivalNs);
    // Its media may have gone on at its ports, and wait there to be read.
    this.#options.pool.look(paused.callId, () => this.#bye(bye, source, arrivalNs));
  }

  data(
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    const uuid = this.#uuids.of(bytes, header);
    const call = this.#lives.live(uuid) ?? this.#ended.draining(uuid);
    if (call) this.#taps.data(call, uuid, header.leg, bytes, source, arrivalNs, lagNs);
    else this.#orphans.data(uuid, header, bytes, source, arrivalNs, lagNs);
  }

  malformed(source: Source, reason: string): void {
    this.#drops.count('malformed');
    this.#log.debug({ from: nameOfSource(source), reason }, 'a datagram that is no message');
  }

  refused(source: Source): void {
    this.#drops.count('not-allowed');
    this.#refusals.note(source);
  }

  limited(source: Source): void {
    this.#limits.limited(source);
  }

  overflowed(packets: number): void {
    this.#drops.count('kernel', packets);
    this.#overflows.count(packets);
  }

  activity(callId: number, lastArrivalNs: number): void {
    const call = this.#lives.numbered(callId);
    if (!call) return;
    if (call.lastArrivalNs < 0) call.log.debug('media arrives');
    call.lastArrivalNs = lastArrivalNs;
    call.apply('media');
  }

  duplicates(callId: number, lastArrivalNs: number): void {
    const call = this.#lives.numbered(callId);
    if (call) this.#taps.duplicates(call, lastArrivalNs);
  }

  resumed(media: ResumedMedia, pair: ReservedPair): void {
    this.#orphans.resumed(media, pair);
  }

  finished(callId: number, media: MediaSummary): void {
    this.#lives.finished(callId, media);
  }

  lost(callId: number, error: Error): void {
    this.#lives.lost(callId, error);
  }

  workerDied(error: Error): void {
    this.#log.error({ err: error }, 'a capture worker ended; another takes its place');
  }

  bindFailed(port: number, code: string, uuid: string | null): void {
    if (uuid !== null)
      return this.#log.warn(
        { uuid, port, code },
        'a port of a call that may go on can not be bound again: what its tap sends there is lost',
      );
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

  #bye(bye: ByeMessage, source: Source, arrivalNs: number): void {
    const call = this.#lives.live(bye.uuid);
    if (call) this.#taps.bye(call, bye, source, arrivalNs);
    else this.#orphans.bye(bye, source);
  }

  #tick(): void {
    const nowNs = this.#options.now();
    this.#ended.sweep(nowNs);
    this.#orphans.sweep(nowNs);
    this.#overflows.report(nowNs);
    this.#limits.report(nowNs);
    this.#lives.endOverdue(nowNs);
  }
}
