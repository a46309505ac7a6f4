import type {
  CaptureEvents,
  ControlHandlers,
  MediaSummary,
  OpenCall,
  ReservedPair,
  Source,
} from '../capture/index.ts';
import type { Log } from '../log.ts';
import {
  type AckMessage,
  type ByeMessage,
  type DataHeader,
  type InvMessage,
  type PortPair,
  uuidOf,
} from '../protocol/index.ts';
import { dateOf } from '../recording/index.ts';
import { Call, type EndedCall } from './call.ts';
import { type CallLimits, overdue } from './idle-clock.ts';
import type { EndReason } from './state.ts';
import { Tombstones } from './tombstones.ts';

/** BYE goes another way than DATA and overtakes it: this long late packets are taken. */
const DRAIN_MS = 200;
const TICK_MS = 250;
/** ACKs to BYEs of calls that nobody knows, so that nobody can make us answer for them. */
const UNKNOWN_BYE_PER_S = 10;

/** The part of the capture workers that a call needs. */
export interface CapturePool {
  reservePair(answer: (pair: ReservedPair | null) => void): void;
  open(call: OpenCall, pair: ReservedPair | null): void;
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void;
  end(callId: number, endNs: number | null, drainMs: number): void;
}

export interface CallRegistryOptions {
  pool: CapturePool;
  send(message: AckMessage | ByeMessage, to: Source): void;
  limits: CallLimits;
  /** As `records.timezone`: whose day names the folder of a call. */
  timezone: string;
  /** Monotonic, ns. */
  now(): number;
  /** Files an ended call; must not reject. */
  archive(ended: EndedCall): Promise<void>;
  log: Log;
}

/** All calls: what the wire says becomes the life of a call, and what a call decides goes out again. */
export class CallRegistry implements ControlHandlers, CaptureEvents {
  readonly #options: CallRegistryOptions;
  readonly #log: Log;
  /** Calls that take media, by UUID. */
  readonly #live = new Map<string, Call>();
  /** Calls until they are archived, by number. */
  readonly #calls = new Map<number, Call>();
  /** Calls whose end is decided, for late DATA on the control port. */
  readonly #draining = new Map<string, Call>();
  readonly #tombstones = new Tombstones();
  #timer: NodeJS.Timeout | null = null;
  #lastCallId = 0;
  #closed: Promise<void> | null = null;
  #whenEmpty: (() => void) | null = null;
  #unknownByes = 0;
  /** DATA and other datagrams of no call, for the log. */
  #strays = 0;
  #malformed = 0;

  constructor(options: CallRegistryOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** Calls that take media now. */
  get liveCalls(): number {
    return this.#live.size;
  }

  start(): void {
    // The first use is slow; no call shall wait for it.
    dateOf(Date.now(), this.#options.timezone);
    let sinceSecond = 0;
    this.#timer = setInterval(() => {
      this.#tick();
      sinceSecond += TICK_MS;
      if (sinceSecond < 1000) return;
      sinceSecond = 0;
      this.#unknownByes = 0;
    }, TICK_MS);
  }

  /** Ends every call and resolves when the last one is archived. No BYE is sent: taps outlive a restart. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    const nowNs = this.#options.now();
    for (const call of [...this.#live.values()])
      this.#end(call, 'shutdown', 'the server was stopped', nowNs, 0);
    if (this.#calls.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    this.#reportStrays();
  }

  inv(inv: InvMessage, source: Source, arrivalNs: number): void {
    if (this.#closed !== null) return;
    const known = this.#live.get(inv.uuid);
    if (known) return this.#repeatedInv(known, inv, source);
    const callId = ++this.#lastCallId;
    const startedAtMs = Date.now() - (this.#options.now() - arrivalNs) / 1e6;
    const log = this.#log.child({ uuid: inv.uuid });
    const call = new Call({ callId, inv, source, startNs: arrivalNs, startedAtMs }, log);
    this.#live.set(inv.uuid, call);
    this.#calls.set(callId, call);
    if (inv.ports) this.#options.pool.reservePair((pair) => this.#answer(call, pair));
    else this.#answer(call, null);
  }

  bye(bye: ByeMessage, source: Source, arrivalNs: number): void {
    const call = this.#live.get(bye.uuid);
    if (!call) return this.#byeOfNoCall(bye, source);
    if (source.address !== call.source.address) {
      call.log.warn({ from: nameOf(source) }, 'BYE from another address than the tap: ignored');
      return;
    }
    this.#ack(bye.uuid, null, source);
    if (call.otherTaps.has(nameOf(source))) return;
    this.#end(call, 'bye', 'the tap said BYE', arrivalNs, DRAIN_MS);
  }

  data(
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    const uuid = uuidOf(bytes, header);
    const call = this.#live.get(uuid) ?? this.#draining.get(uuid);
    if (!call || call.state === 'inviting') this.#strays++;
    else if (source.address !== call.source.address) call.drop(header.leg, 'wrong-source');
    else if (call.otherTaps.size > 0 && call.otherTaps.has(nameOf(source)))
      call.drop(header.leg, 'duplicate-tap');
    else this.#options.pool.deliver(call.callId, arrivalNs, lagNs, bytes);
  }

  malformed(source: Source, reason: string): void {
    this.#malformed++;
    this.#log.debug({ from: nameOf(source), reason }, 'a datagram that is no message');
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
    this.#leave(call);
    call.log.error({ err: error }, 'the capture worker of this call ended');
    const words = `its capture worker ended: ${error.message}`;
    call.end = { reason: 'error', words, atNs: this.#options.now() };
    call.apply('error');
    void this.#archive({ call, end: call.end, media: null });
  }

  bindFailed(port: number, code: string): void {
    this.#log.warn({ port, code }, 'a port of media.ports can not be bound; another is taken');
  }

  strays(ports: PortPair, count: number): void {
    this.#log.info({ ...ports, count }, 'late packets came to ports whose call had ended');
  }

  #repeatedInv(call: Call, inv: InvMessage, source: Source): void {
    const from = nameOf(source);
    if (from === nameOf(call.source)) {
      if (call.state !== 'inviting') this.#ack(call.uuid, call.ports, source);
      return;
    }
    if (!call.otherTaps.has(from)) {
      const warning = `a second tap from ${from} runs on this call; its frames are dropped`;
      call.log.warn({ from }, 'a second tap runs on this call; its frames are dropped');
      call.warnings.push(warning);
      call.otherTaps.add(from);
      const { address } = source;
      for (const port of inv.ports ? [inv.ports.readPort, inv.ports.writePort] : [])
        call.otherTaps.add(nameOf({ address, port }));
    }
    this.#ack(call.uuid, null, source);
  }

  /** Answers the INV, then has the worker open the call. */
  #answer(call: Call, pair: ReservedPair | null): void {
    if (call.state === 'ended') return;
    call.ports = pair ? { readPort: pair.readPort, writePort: pair.writePort } : null;
    this.#ack(call.uuid, call.ports, call.source);
    const { inv } = call;
    if (inv.ports && !pair) {
      const warning = 'no port of media.ports was free; the audio came to the control port';
      call.warnings.push(warning);
      call.log.warn('no port of media.ports is free: this call comes to the control port');
    }
    call.log.info(
      { caller: inv.caller, callee: inv.callee, from: nameOf(call.source), ports: call.ports },
      'call started',
    );
    this.#options.pool.open(this.#order(call, pair), pair);
    call.apply('opened');
    // A BYE may have come while no port was ready.
    if (call.end) this.#options.pool.end(call.callId, call.end.atNs, DRAIN_MS);
  }

  #order(call: Call, pair: ReservedPair | null): OpenCall {
    const { uuid, caller, callee } = call.inv;
    const startedAt = new Date(call.startedAtMs).toISOString();
    return {
      callId: call.callId,
      uuid,
      address: call.source.address,
      pairId: pair?.pairId ?? null,
      startNs: call.startNs,
      date: dateOf(call.startedAtMs, this.#options.timezone),
      journal: { uuid, caller, callee, startedAt, source: call.source, ports: call.ports },
      tags: {
        title: uuid,
        artist: `${caller} > ${callee}`,
        date: startedAt,
        comment: `FreeSWITCH call from ${caller} to ${callee}`,
      },
    };
  }

  #byeOfNoCall(bye: ByeMessage, source: Source): void {
    const known = this.#draining.has(bye.uuid) || this.#tombstones.has(bye.uuid);
    if (known || ++this.#unknownByes <= UNKNOWN_BYE_PER_S) this.#ack(bye.uuid, null, source);
  }

  #ack(uuid: string, ports: PortPair | null, to: Source): void {
    this.#options.send({ kind: 'ack', uuid, ports }, to);
  }

  #tick(): void {
    const nowNs = this.#options.now();
    this.#tombstones.sweep(nowNs);
    for (const call of [...this.#live.values()]) {
      const over = overdue(call, this.#options.limits, nowNs);
      if (!over) continue;
      const endNs = over.reason === 'idle' ? null : nowNs;
      this.#end(call, over.reason, over.words, endNs, 0);
      this.#options.send({ kind: 'bye', uuid: call.uuid }, call.source);
    }
  }

  #end(call: Call, reason: EndReason, words: string, atNs: number | null, drainMs: number): void {
    const opened = call.state !== 'inviting';
    call.end = { reason, words, atNs };
    call.apply(reason);
    this.#leave(call);
    this.#draining.set(call.uuid, call);
    if (opened) this.#options.pool.end(call.callId, atNs, drainMs);
  }

  /** The UUID is free for a further call. */
  #leave(call: Call): void {
    if (this.#live.get(call.uuid) === call) this.#live.delete(call.uuid);
    this.#tombstones.add(call.uuid, this.#options.now());
  }

  async #archive(ended: EndedCall): Promise<void> {
    const { call } = ended;
    if (this.#draining.get(call.uuid) === call) this.#draining.delete(call.uuid);
    await this.#options.archive(ended);
    call.apply('finished');
    this.#calls.delete(call.callId);
    if (this.#calls.size === 0) this.#whenEmpty?.();
  }

  #reportStrays(): void {
    if (this.#strays + this.#malformed === 0) return;
    const counts = { ofNoCall: this.#strays, malformed: this.#malformed };
    this.#log.info(counts, 'datagrams on the control port that belonged to no call');
  }
}

function nameOf(source: Source): string {
  const { address, port } = source;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
