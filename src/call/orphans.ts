import type { ReservedPair, ResumedMedia, Source } from '../capture/index.ts';
import type { ByeMessage, DataHeader, InvMessage } from '../protocol/index.ts';
import type { Answers } from './answers.ts';
import type { Call } from './call.ts';
import type { CallCap } from './call-cap.ts';
import { Candidates, type KeptData, startOf } from './candidates.ts';
import type { DropTally } from './drop-tally.ts';
import type { EndedCalls } from './ended-calls.ts';
import type { Lives } from './lives.ts';
import type { CallRegistryOptions } from './registry-options.ts';
import type { SourceLimits } from './source-limits.ts';
import { Tap } from './tap.ts';
import type { TapTraffic } from './tap-traffic.ts';

const INV_LOST =
  'inv-lost: no INV came for this call; its DATA opened it, so caller and callee are not known';

/** Datagrams that no live call takes: late, of a call that goes on, of one whose INV was lost, or nobody's. */
export class Orphans {
  readonly #options: CallRegistryOptions;
  readonly #lives: Lives;
  readonly #ended: EndedCalls;
  readonly #taps: TapTraffic;
  readonly #answers: Answers;
  readonly #drops: DropTally;
  readonly #cap: CallCap;
  readonly #limits: SourceLimits;
  readonly #candidates: Candidates;

  constructor(
    options: CallRegistryOptions,
    parts: {
      lives: Lives;
      ended: EndedCalls;
      taps: TapTraffic;
      answers: Answers;
      drops: DropTally;
      cap: CallCap;
      limits: SourceLimits;
    },
  ) {
    this.#options = options;
    this.#lives = parts.lives;
    this.#ended = parts.ended;
    this.#taps = parts.taps;
    this.#answers = parts.answers;
    this.#drops = parts.drops;
    this.#cap = parts.cap;
    this.#limits = parts.limits;
    this.#candidates = new Candidates((packets) => this.#drops.count('no-call', packets));
  }

  /** DATA of the call of this INV, which it may have been read before: both come by ways of their own. */
  takeEarly({ uuid, ports }: InvMessage, source: Source): KeptData[] {
    if (ports === null) return this.#candidates.take(uuid, source);
    this.#candidates.forget(uuid, source);
    return [];
  }

  /** Tells a tap that goes on behind our BYE once more; false where the INV is of none, and begins a call. */
  inv(inv: InvMessage, source: Source): boolean {
    if (!this.#ended.isLateInv(inv, source, this.#options.now())) return false;
    this.#drops.count('late');
    this.#answers.byeAgain(inv.uuid, source);
    return true;
  }

  bye(bye: ByeMessage, source: Source): void {
    this.#candidates.forget(bye.uuid, source);
    const isLate = this.#ended.isLateBye(bye.uuid, source, this.#options.now());
    this.#drops.count(isLate ? 'late' : 'no-call');
    if (isLate) this.#answers.ack(bye.uuid, null, source);
    else this.#answers.ackUnknownBye(bye.uuid, source);
  }

  data(
    uuid: string,
    header: DataHeader,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    if (this.#ended.isLateData(uuid, source, this.#options.now())) return this.#drops.count('late');
    const paused = this.#ended.paused(uuid);
    if (paused && !mayContinue(paused, uuid, source)) return this.#drops.count('wrong-source');
    if (this.#lives.isClosing) return this.#drops.count('no-call');
    const packets = this.#candidates.add(header, bytes, source, arrivalNs, lagNs);
    if (!packets) return;
    // One that goes on was admitted once.
    if (paused || this.#admits(packets)) this.#openUninvited(uuid, packets, paused);
  }

  /** DATA of a call that had ended goes on at its ports. */
  resumed(media: ResumedMedia, pair: ReservedPair): void {
    const before = this.#ended.paused(media.uuid);
    // By now another call may have the channel. The pair rests on, then, and its packets are nobody's.
    if (this.#lives.isClosing || before?.callId !== media.callId) return;
    const call = this.#lives.continue(before, before.legsTap, media.startNs);
    call.ports = { readPort: pair.readPort, writePort: pair.writePort };
    this.#lives.open(call, pair);
  }

  /** True where DATA of this UUID came that may become a call. */
  hasHeard(uuid: string): boolean {
    return this.#candidates.has(uuid);
  }

  sweep(nowNs: number): void {
    this.#candidates.sweep(nowNs);
  }

  clear(): void {
    this.#candidates.clear();
  }

  #admits(packets: KeptData[]): boolean {
    const { length } = packets;
    const { source, arrivalNs } = packets.at(-1) as KeptData;
    return this.#cap.admits(length) && this.#limits.admits(source, length, arrivalNs);
  }

  /** A call without an INV: it was lost, or came to a call that has ended for want of media. */
  #openUninvited(uuid: string, packets: KeptData[], paused: Call | undefined): void {
    const first = packets[0] as KeptData;
    const startNs = startOf(first);
    const tap =
      paused?.knownTap(uuid, first.source) ??
      new Tap(uuid, first.source, null, this.#options.sourceLock);
    const inv: InvMessage = { kind: 'inv', uuid, caller: '', callee: '', ports: null };
    const call = paused
      ? this.#lives.continue(paused, tap, startNs)
      : this.#lives.begin(inv, tap, startNs);
    if (!paused) call.warn(INV_LOST);
    this.#lives.open(call, null);
    for (const { leg, datagram, source, arrivalNs, lagNs } of packets)
      this.#taps.data(call, uuid, leg, datagram, source, arrivalNs, lagNs);
  }
}

/** Whether DATA at the control port may take up a call that had ended: by its own source, as while it ran. */
function mayContinue(paused: Call, uuid: string, source: Source): boolean {
  const { lock } = paused.tap;
  if (!lock.admitsAddress(source.address)) return false;
  if (lock.mode === 'off' || paused.knownTap(uuid, source)) return true;
  return lock.mode === 'address' && paused.ports === null;
}
