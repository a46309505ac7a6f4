import type { CallClock } from './call-clock.ts';
import { type Gap, GapList } from './gap-list.ts';
import { HeldRow } from './held-row.ts';
import type { LegTimeline } from './leg-timeline.ts';
import { type Loss, LossPath } from './loss-path.ts';
import type { HeldPacket, Packet } from './packet.ts';

/** Where a timeline's decisions go, in order: what it says is appended, nothing is taken back. */
export interface TimelineOutput {
  audio(packet: Packet): void;
  silence(samples: number): void;
  /** True where the packet holds a pause in speech, so that a correction in it is not heard. */
  isQuiet(packet: Packet): boolean;
}

/** A packet this share of a packet time behind its place may be late because others were lost. */
const HOLD = 0.5;
/** This share of a packet time before or behind its place is as good as a whole one. */
const LATE = 0.75;
/** A gap shorter than this many packet times is lost packets. */
const LOSS_PACKETS = 6;
/** After a gap the error of the placement is learned for this long, up to this share of a packet time. */
const LEARN_NS = 5e9;
const LEARN = 0.25;
/** What was inserted, or kept in doubt, may turn out to be too much for this long. */
const TAKE_BACK_NS = 10e9;
/** Where no packet has come before its time for this long, a loss has made up for it. */
const AHEAD_NS = 1e9;
/** A correction waits this long for a pause. */
const CORRECT_WITHIN_NS = 10e9;
/** So long packets have to be late for a lost one, and so many at least. */
const PROOF_NS = 200e6;
const LEAST_PROOF = 3;

/** For one look of one leg; a thread has one at a time. */
const LOSSES = new LossPath();
const EXCESSES: number[] = [];

/**
 * Turns the packets of one leg into a gapless row of samples that begins at the call's start.
 *
 * Arrival is the only clock. Each packet has an *excess*: how much later it came than the place it
 * would get if it were simply appended.
 *
 *     arrival ─ origin ─ (samples placed so far + its own) ─ what is usual for this leg
 *
 * - About zero: it is appended. That is every packet of an undisturbed call.
 * - Large: packets before it are missing, or are just late. It is held, with what follows, until a packet
 *   comes with no excess (a stall and its burst, or jitter: nothing is inserted) or half a second is
 *   over; then `LossPath` says where packets were lost. After a pause the decision comes once packets
 *   come at real-time pace (`HeldRow`): the least excess among them is the silence, and goes before the
 *   first. A call's first packets are held in the same way.
 * - Well below zero: more silence was inserted than had passed. Losses to come make up for it; where
 *   there are none, that much is taken back in the next pause.
 *
 * Where the receiver itself was behind (`lagNs`), lateness by as much means nothing.
 *
 * Pure: no clock, no I/O. The arguments' times are nanoseconds on one monotonic clock.
 */
export class Timeline implements LegTimeline {
  /** Samples said so far, silence included. */
  positionSamples = 0;
  /** Samples of packets said so far. */
  audioSamples = 0;
  /** Packets that never came, as far as arrival times can tell; gaps of more than three packet times are not counted. */
  lostPackets = 0;

  readonly #originNs: number;
  readonly #nsPerSample: number;
  readonly #clock: CallClock;
  readonly #output: TimelineOutput;
  readonly #gaps = new GapList();
  readonly #corrections = new GapList();

  #started = false;
  /** The delay this leg had at its head relative to the call's start; negative where W began before the INV was here. */
  #anchorNs = 0;
  /** How far the present placement is from the anchor: learned after a gap, forgotten at the next. */
  #offsetNs = 0;
  #placedAtNs = 0;
  /** The drift corrections this leg has made. */
  #correctedNs = 0;
  /** What was inserted or kept lately that may yet turn out to be too much, and since when. */
  #guessedNs = 0;
  #guessedAtNs = 0;
  #takeBackSinceNs = -1;
  /** When a packet last came before its time. */
  #aheadAtNs = 0;
  readonly #held: HeldRow;

  /** `originNs` is the call's start; `startSamples` is how much of the track another timeline has said. */
  constructor(
    originNs: number,
    sampleRate: number,
    clock: CallClock,
    output: TimelineOutput,
    startSamples = 0,
  ) {
    this.positionSamples = startSamples;
    this.#originNs = originNs;
    this.#nsPerSample = 1e9 / sampleRate;
    this.#held = new HeldRow(this.#nsPerSample);
    this.#clock = clock;
    this.#output = output;
  }

  /** Silence inserted, in order; adjoining pieces are one. */
  get gaps(): Gap[] {
    return this.#gaps.gaps;
  }

  /** `[atSample, samples]`, positive where silence was inserted, negative where a packet was dropped. */
  get driftCorrections(): Gap[] {
    return this.#corrections.gaps;
  }

  /** Gaps and corrections beyond the number that is listed. */
  get unlisted(): number {
    return this.#gaps.unlisted + this.#corrections.unlisted;
  }

  /** Places one packet, now or, where that needs a look at what follows, soon. `samples` must be positive. */
  place(packet: Packet): void {
    const held = this.#held;
    while (held.isOverdue(packet.arrivalNs)) this.#settle();
    const isAfterPause = held.arrive(packet);
    const excessNs = this.#excess(packet, held.samples + packet.samples);
    const isLate = excessNs - packet.lagNs >= HOLD * this.#nsOf(packet);
    const isFirst = held.packets.length === 0;
    if (this.#started && isFirst && !isLate) {
      this.#append(packet, excessNs);
      return;
    }
    held.hold(packet, isAfterPause || (isFirst && !this.#started));
    if (this.#started && !isLate) this.#release(held.packets.length);
    else while (held.packets.length > 0 && held.isDecided()) this.#settle();
  }

  /**
   * True where a packet that arrived then and lasts `packetNs` surely comes before its time behind all that is
   * here: not where the leg's place is still being found, or too much silence may be what is before it.
   */
  isAhead(arrivalNs: number, packetNs: number): boolean {
    if (!this.#started) return false;
    const hereNs = (this.positionSamples + this.#held.samples) * this.#nsPerSample;
    const excessNs = arrivalNs - this.#originNs - hereNs - packetNs - this.#expectedDelay();
    return excessNs + this.#guessedBefore(arrivalNs) < -HOLD * packetNs;
  }

  /** The packet placed last may be one too many: where it turns out to be, as much is taken back in a pause. */
  doubt(packetNs: number, arrivalNs: number): void {
    this.#guess(packetNs, arrivalNs);
  }

  /** Decides on what is held, with what is known now. */
  flush(): void {
    while (this.#held.packets.length > 0) this.#settle();
  }

  /** Appends silence up to `samples` in all; call `flush` first. */
  padTo(samples: number): void {
    this.#insert(samples - this.positionSamples);
  }

  /**
   * How much later the packet came than its place would have it, were the held packets before it and
   * nothing else appended; `samples` is how many they and it hold.
   */
  #excess(packet: Packet, samples: number): number {
    const placeNs = (this.positionSamples + samples) * this.#nsPerSample;
    return packet.arrivalNs - this.#originNs - placeNs - this.#expectedDelay();
  }

  #expectedDelay(): number {
    return this.#anchorNs + this.#offsetNs + this.#clock.delayNs - this.#correctedNs;
  }

  /** The first loss among the first `count` held packets, null where jitter may be all there is. */
  #findLoss(count: number): Loss | null {
    if (count === 0) return null;
    const packetNs = this.#nsOf(this.#held.packets[0] as HeldPacket);
    let samples = 0;
    EXCESSES.length = 0;
    for (let i = 0; i < count; i++) {
      const packet = this.#held.packets[i] as HeldPacket;
      samples += packet.samples;
      EXCESSES.push((this.#excess(packet, samples) - packet.lagNs) / packetNs);
    }
    return LOSSES.first(EXCESSES, Math.max(LEAST_PROOF, PROOF_NS / packetNs));
  }

  #nsOf(packet: Packet): number {
    return packet.samples * this.#nsPerSample;
  }

  /** Decides on the oldest held packets and releases at least one. */
  #settle(): void {
    const pauseAt = this.#held.pauseAt();
    if (pauseAt === 0) return this.#settlePause();
    const loss = this.#findLoss(pauseAt);
    if (!loss) return this.#release(1);
    this.#release(loss.at);
    this.lostPackets += loss.packets;
    this.#placedAtNs = Number.NEGATIVE_INFINITY;
    this.#putBefore(loss.packets * this.#nsOf(this.#held.packets[0] as HeldPacket));
  }

  #settlePause(): void {
    const first = this.#held.packets[0] as HeldPacket;
    this.#forgetOffset();
    this.#placedAtNs = first.arrivalNs;
    const leastNs = this.#leastExcess();
    if (this.#started) return this.#putBefore(lengthOf(leastNs, this.#nsOf(first)));
    this.#started = true;
    this.#anchorNs = Math.min(0, leastNs);
    this.#putBefore(Math.max(0, leastNs));
  }

  #leastExcess(): number {
    let samples = 0;
    let leastNs = Number.POSITIVE_INFINITY;
    for (const packet of this.#held.packets) {
      samples += packet.samples;
      leastNs = Math.min(leastNs, this.#excess(packet, samples));
    }
    return leastNs;
  }

  /** Inserts silence before the held packets and releases those that are in their place by it. */
  #putBefore(silenceNs: number): void {
    const first = this.#held.packets[0] as HeldPacket;
    const samples = Math.round(silenceNs / this.#nsPerSample);
    if (samples > 0) {
      this.#insert(samples);
      this.#guess(samples * this.#nsPerSample, first.arrivalNs);
    }
    this.#release(this.#held.packets.length - this.#lateAtEnd());
  }

  /** How many packets at the end of the held ones are late even so; not all of them. */
  #lateAtEnd(): number {
    let samples = this.#held.samples;
    let late = 0;
    for (let i = this.#held.packets.length - 1; i > 0; i--, late++) {
      const packet = this.#held.packets[i] as HeldPacket;
      const lateNs = this.#excess(packet, samples) - packet.lagNs;
      if (lateNs < HOLD * this.#nsOf(packet)) break;
      samples -= packet.samples;
    }
    return late;
  }

  /** At a gap the place is reckoned from the anchor again, and drift is made up for on the way. */
  #forgetOffset(): void {
    this.#offsetNs = 0;
    this.#correctedNs = this.#clock.correctionNs;
  }

  #guess(silenceNs: number, nowNs: number): void {
    const stale = nowNs - this.#guessedAtNs > TAKE_BACK_NS;
    this.#guessedNs = (stale ? 0 : this.#guessedNs) + silenceNs;
    this.#guessedAtNs = nowNs;
  }

  /** How much of what was put in or kept may be too much, as far as it is not long ago. */
  #guessedBefore(nowNs: number): number {
    return nowNs - this.#guessedAtNs < TAKE_BACK_NS ? this.#guessedNs : 0;
  }

  /** Appends the first `count` held packets. */
  #release(count: number): void {
    this.#held.release(count, this.#appendHeld);
  }

  readonly #appendHeld = (packet: HeldPacket): void => {
    this.#append(packet, this.#excess(packet, packet.samples));
  };

  #append(packet: Packet, excessNs: number): void {
    const packetNs = this.#nsOf(packet);
    const learning = packet.arrivalNs - this.#placedAtNs < LEARN_NS;
    if (excessNs < -LATE * packetNs) this.#ahead(packet, excessNs);
    else if (learning) this.#learn(Math.min(0, excessNs), packetNs);
    else this.#clock.observe(this.#clock.delayNs + excessNs, packet.arrivalNs, packetNs);
    if (this.#correct(packet)) return;
    this.#output.audio(packet);
    this.positionSamples += packet.samples;
    this.audioSamples += packet.samples;
  }

  /** The least delay is seldom among the first packets; but what is much less is too much silence before. */
  #learn(lessNs: number, packetNs: number): void {
    const leastNs = Math.min(this.#offsetNs, -LEARN * packetNs);
    this.#offsetNs = Math.max(this.#offsetNs + lessNs, leastNs);
  }

  /** A packet came before its time: too much silence was inserted, or the sender is faster than real time. */
  #ahead(packet: Packet, excessNs: number): void {
    const packetNs = this.#nsOf(packet);
    const guessedNs = this.#guessedBefore(packet.arrivalNs);
    this.#offsetNs += Math.min(0, excessNs + guessedNs);
    if (guessedNs < packetNs) this.#placedAtNs = packet.arrivalNs;
    else if (this.#takeBackSinceNs < 0) this.#takeBackSinceNs = packet.arrivalNs;
    this.#aheadAtNs = packet.arrivalNs;
  }

  /** Makes one owed correction if this packet is a good place for it; true where the packet was dropped. */
  #correct(packet: Packet): boolean {
    if (packet.arrivalNs - this.#aheadAtNs > AHEAD_NS) this.#takeBackSinceNs = -1;
    const owedNs = this.#clock.correctionNs - this.#correctedNs;
    if (owedNs === 0 && this.#takeBackSinceNs < 0) return false;
    const sinceNs = this.#takeBackSinceNs < 0 ? this.#clock.correctedAtNs : this.#takeBackSinceNs;
    const overdue = packet.arrivalNs - sinceNs >= CORRECT_WITHIN_NS;
    if (!overdue && !this.#output.isQuiet(packet)) return false;
    if (this.#takeBackSinceNs >= 0) {
      this.#takeBackSinceNs = -1;
      this.#guessedNs -= this.#nsOf(packet);
      this.#corrections.add(this.positionSamples, -packet.samples);
      return true;
    }
    const stepNs = Math.sign(owedNs) * Math.min(Math.abs(owedNs), this.#clock.stepNs);
    this.#correctedNs += stepNs;
    if (owedNs < 0) {
      this.#corrections.add(this.positionSamples, -packet.samples);
      return true;
    }
    const samples = Math.round(stepNs / this.#nsPerSample);
    this.#corrections.add(this.positionSamples, samples);
    this.#output.silence(samples);
    this.positionSamples += samples;
    return false;
  }

  #insert(samples: number): void {
    if (samples <= 0) return;
    this.#gaps.join(this.positionSamples, samples);
    this.#output.silence(samples);
    this.positionSamples += samples;
  }
}

/** How long a gap is: a short one is lost packets, whole ones; a long one anything. */
function lengthOf(leastNs: number, packetNs: number): number {
  if (leastNs >= LOSS_PACKETS * packetNs) return leastNs;
  return Math.max(0, Math.floor(leastNs / packetNs + 1 - LATE)) * packetNs;
}
