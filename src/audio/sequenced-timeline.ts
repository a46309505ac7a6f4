import { type Gap, GapList } from './gap-list.ts';
import type { LegTimeline } from './leg-timeline.ts';
import { MediaClock } from './media-clock.ts';
import { HeldPacket, Packet } from './packet.ts';
import { RecentSeqs } from './recent-seqs.ts';
import type { TimelineOutput } from './timeline.ts';

/** Where a track begins: the number of its first packet, and the media time of its first sample. */
export interface SequenceStart {
  seq: number;
  ts: number;
}

/** Where numbered packets go, in the order of their numbers. */
export interface SequencedOutput extends TimelineOutput {
  /** Puts the packet's samples from `fromRateHz` to the rate of the track; comes right before it is placed. */
  convert(packet: Packet, fromRateHz: number): void;
}

/** A missing packet is waited for until this much media or time has come behind it, or so many packets. */
const HOLD_NS = 500e6;
/** Above 500 ms by less than a sample, since seconds don't add up exactly. */
const MOST_HELD_S = 0.50001;
const HOLD_PACKETS = 512;
/** When nothing comes for longer, nobody can tell whether the missing one would have: a stall is no wait. */
const STALL_NS = 100e6;
/**
 * No packet comes before it was spoken. Its media time may still be ahead of the time since the tap began:
 * by this much, where an INV was late or lost, and by this part, where the sender's clock is fast. What
 * would put silence before a packet that is further ahead is made up.
 */
const AHEAD_S = 10;
const AHEAD_PART = 0.01;
/** No packet has more silence than this before it. */
const MAX_SILENCE_S = 24 * 3600;
/** A number that leaps further than this must have the media time to go with it. */
const LEAP_PACKETS = 512;
/** When only numbers that cannot be have come, in a row, so many and for so long, the sender has begun anew. */
const RESTART_PACKETS = 10;
const RESTART_NS = 5e9;
/** Where the media time is of no use: a wait of more packet times than this is silence. */
const PAUSE_PACKETS = 3;
const WRAP = 2 ** 32;

class SequencedPacket extends HeldPacket {
  rateHz = 0;
}

/** For the next that hold something: most legs hold nothing most of the time. */
const SPARE: SequencedPacket[] = [];
const MAX_SPARE = 1024;

/**
 * Places the packets of one leg by what they say of themselves: `seq`, the packet's number, and `ts`, the
 * media time of its first sample since the tap began. The track begins with the tap, so the place of a
 * sample is its media time. Arrival places nothing, and drift, jitter and stalls move nothing.
 *
 *     seq  7    8    9    ·   11   12          13
 *     ts  1120 1280 1440     1760 1920        3360
 *         ─────────────── 160 ───────── 1280 ─────►
 *                        10 is lost     the sender was silent
 *
 * - A number that is missing is waited for while what follows is held. Once that is 500 ms long, or has
 *   waited for 500 ms (without the time in which nothing came at all), the missing ones are silence.
 *   One that comes later still can't be placed: what is written is never taken back.
 * - A media time that leaps with no number missing is a pause of the sender, and no loss.
 * - Where the rate changes, samples are converted and media times mapped in the packets' own order, too.
 *
 * A sender may lie. A media time before the end of what is placed, or one that makes silence of time that
 * has not passed yet, is not obeyed: the packet goes behind the one before it, after a pause as long as
 * the wait for it. When the next one continues the lie, the sender's clock was set, and its times count from there.
 *
 * Pure: no clock, no I/O. The arguments' times are nanoseconds on one monotonic clock.
 */
export class SequencedTimeline implements LegTimeline {
  positionSamples = 0;
  audioSamples = 0;
  /** Always empty: the sender's own clock counts the samples. */
  readonly driftCorrections: Gap[] = [];
  /** Numbers before the newest one whose packets did not come, or too late. Those behind it nobody knows of. */
  lostPackets = 0;
  /** Of the lost ones, those that came after their time had been filled with silence. */
  lateSeq = 0;
  /** Second copies, dropped. */
  duplicates = 0;
  /** Packets that were placed although one with a higher number had come before. */
  reordered = 0;
  /** Packets whose `seq` or `ts` can't be true: dropped for the first, placed by arrival for the second. */
  malformed = 0;

  readonly #originNs: number;
  /** Of the track: that of its first sound. */
  #sampleRate = 0;
  readonly #output: SequencedOutput;
  readonly #gaps = new GapList();
  readonly #clock: MediaClock;
  /** The number of the last packet that gave the track audio; -1 before the first. */
  #soundSeq = -1;
  #nextSeq: number;
  #started = false;
  /** Arrival of the last packet placed. */
  #placedAtNs: number;
  /** Arrival of the last packet, and the time that has passed without the stalls. */
  #nowNs: number;
  #waitedNs = 0;
  /** The media time behind the last packet, where that one's was a lie; else -1. */
  #lieEndTs = -1;
  /** The number that would continue a row of those that cannot be, how long that is, and since when. */
  #strayNext = -1;
  #strays = 0;
  #straySinceNs = 0;
  readonly #recent = new RecentSeqs();

  /** In the order of their numbers, the first one not the next. */
  readonly #held: SequencedPacket[] = [];
  readonly #empty = new Packet();

  /** `originNs` is when the tap began, `start` what its first packet would have: 0 and 0 by the protocol. */
  constructor(originNs: number, output: SequencedOutput, start: SequenceStart = { seq: 0, ts: 0 }) {
    this.#originNs = originNs;
    this.#placedAtNs = originNs;
    this.#nowNs = originNs;
    this.#output = output;
    this.#clock = new MediaClock(start.ts);
    this.#nextSeq = start.seq;
  }

  get gaps(): Gap[] {
    return this.#gaps.gaps;
  }

  get unlisted(): number {
    return this.#gaps.unlisted;
  }

  /** Packets that wait for one before them; at most 512. */
  get heldPackets(): number {
    return this.#held.length;
  }

  /**
   * The packet's samples and its `ts` are at `rateHz`, by default that of the track, which is the one of the
   * first packet.
   */
  place(packet: Packet, rateHz = this.#sampleRate): void {
    if (this.#sampleRate === 0) {
      this.#sampleRate = rateHz;
      this.#clock.begin(rateHz);
    }
    this.#take(packet, rateHz);
  }

  /** Takes note of a packet that came and gives the track no audio: it is not lost, and its time is silence. */
  skip(seq: number, ts: number, arrivalNs: number): void {
    const packet = this.#empty;
    packet.seq = seq;
    packet.ts = ts;
    packet.arrivalNs = arrivalNs;
    this.#take(packet, this.#clock.rateHz);
  }

  #take(packet: Packet, rateHz: number): void {
    this.#passTime(packet.arrivalNs);
    if (packet.seq < 0 || packet.ts < 0) {
      this.malformed++;
      return;
    }
    let ahead = (packet.seq - this.#nextSeq) | 0;
    if (ahead < 0 || this.#isLeap(packet, ahead)) {
      if (!this.#isRestart(packet)) return this.#drop(packet.seq, ahead);
      this.#restart(packet.seq);
      ahead = 0;
    }
    this.#started = true;
    this.#strayNext = -1;
    if (ahead > 0) this.#hold(packet, rateHz, ahead);
    else {
      if (this.#held.length > 0) this.reordered++;
      this.#write(packet, rateHz);
      this.#release(0);
    }
    while (this.#held.length > 0 && this.#isOverdue()) this.#release(1);
  }

  flush(): void {
    while (this.#held.length > 0) this.#release(1);
  }

  padTo(samples: number): void {
    this.#insert(samples - this.positionSamples);
  }

  #passTime(arrivalNs: number): void {
    const passedNs = arrivalNs - this.#nowNs;
    if (passedNs <= 0) return;
    this.#waitedNs += Math.min(passedNs, STALL_NS);
    this.#nowNs = arrivalNs;
  }

  /** True where a number leaps and the media time does not: each packet has one sample at the least. */
  #isLeap(packet: Packet, ahead: number): boolean {
    return ahead > LEAP_PACKETS && this.#clock.ticksIn(this.#leadOf(packet)) < ahead;
  }

  /** Notes a number that cannot be; true where the sender seems to have begun anew. */
  #isRestart(packet: Packet): boolean {
    if (!this.#started) return true;
    if (packet.seq !== this.#strayNext) {
      this.#strays = 0;
      this.#straySinceNs = packet.arrivalNs;
    }
    this.#strayNext = (packet.seq + 1) % WRAP;
    const forNs = packet.arrivalNs - this.#straySinceNs;
    return ++this.#strays >= RESTART_PACKETS && forNs >= RESTART_NS;
  }

  #restart(seq: number): void {
    this.flush();
    this.malformed++;
    this.#nextSeq = seq;
    this.#recent.clear();
  }

  #drop(seq: number, ahead: number): void {
    if (ahead > 0) this.malformed++;
    else if (this.#recent.has(seq, -ahead)) this.duplicates++;
    else {
      this.lateSeq++;
      this.#recent.add(seq, -ahead);
    }
  }

  #hold(packet: Packet, rateHz: number, ahead: number): void {
    const held = this.#held;
    let at = held.length;
    while (at > 0 && this.#aheadOf(held[at - 1] as SequencedPacket) > ahead) at--;
    if (held[at - 1]?.seq === packet.seq) {
      this.duplicates++;
      return;
    }
    if (at < held.length) this.reordered++;
    const copy = SPARE.pop() ?? new SequencedPacket();
    copy.copyFrom(packet);
    copy.rateHz = rateHz;
    copy.heldAtNs = this.#waitedNs;
    held.splice(at, 0, copy);
  }

  #aheadOf(packet: Packet): number {
    return (packet.seq - this.#nextSeq) | 0;
  }

  /** True once what is missing before the first held packet is not waited for any longer. */
  #isOverdue(): boolean {
    const held = this.#held;
    const first = held[0] as SequencedPacket;
    if (this.#waitedNs - first.heldAtNs >= HOLD_NS || held.length >= HOLD_PACKETS) return true;
    let heldS = 0;
    for (let i = 0; i < held.length; i++) {
      const { samples, rateHz } = held[i] as SequencedPacket;
      heldS += samples / rateHz;
    }
    return heldS > MOST_HELD_S;
  }

  /** Writes the first `count` held packets whatever is missing before them, and those that join on. */
  #release(count: number): void {
    const held = this.#held;
    let done = 0;
    while (done < held.length) {
      const packet = held[done] as SequencedPacket;
      if (done >= count && packet.seq !== this.#nextSeq) break;
      this.#write(packet, packet.rateHz);
      if (SPARE.length < MAX_SPARE) SPARE.push(packet);
      done++;
    }
    if (done > 0) held.splice(0, done);
  }

  #write(packet: Packet, rateHz: number): void {
    const missing = this.#aheadOf(packet);
    this.#recent.skip(this.#nextSeq, missing);
    this.#nextSeq = (packet.seq + 1) % WRAP;
    this.#recent.add(packet.seq, 1);
    if (packet.samples > 0) this.#append(packet, rateHz, missing);
    else if (missing <= LEAP_PACKETS || this.#isCredible(this.#leadOf(packet), packet))
      this.lostPackets += missing;
  }

  #append(packet: Packet, rateHz: number, missing: number): void {
    const { seq, ts, samples, arrivalNs } = packet;
    const clock = this.#clock;
    const { endTs } = clock;
    const isOtherRate = rateHz !== clock.rateHz;
    if (isOtherRate) this.#changeRate(packet, rateHz);
    const leadSamples = this.#believe(packet);
    const isLie = leadSamples < 0;
    if (isLie) this.malformed++;
    // Where the change was is not known then: as if it had been right behind what is placed.
    if (isLie && isOtherRate && endTs >= 0) clock.set(endTs, this.positionSamples);
    clock.note(ts, samples);
    this.#lieEndTs = isLie ? clock.endTs : -1;
    this.#soundSeq = seq;
    const lost = isLie && missing > LEAP_PACKETS ? 0 : missing;
    this.lostPackets += lost;
    this.#output.convert(packet, rateHz);
    this.#insert(isLie ? this.#pauseBefore(packet, lost) : leadSamples);
    this.#placedAtNs = Math.max(this.#placedAtNs, arrivalNs);
    if (packet.samples > 0) this.#output.audio(packet);
    this.positionSamples += packet.samples;
    this.audioSamples += packet.samples;
  }

  #changeRate({ seq, ts, samples, arrivalNs }: Packet, rateHz: number): void {
    const missing = Math.min((seq - this.#soundSeq - 1) >>> 0, LEAP_PACKETS);
    const waitS = (arrivalNs - this.#placedAtNs) / 1e9 - samples / rateHz;
    const nearPlace = this.positionSamples + Math.max(0, waitS * this.#sampleRate);
    this.#clock.change({ rateHz, ts, samples, missing, waitS }, nearPlace);
  }

  /** How much silence the packet's media time says is before it; -1 where that can't be true. */
  #believe(packet: Packet): number {
    const leadSamples = this.#leadOf(packet);
    if (this.#isCredible(leadSamples, packet)) return leadSamples;
    if (this.#lieEndTs < 0) return -1;
    const { ts, place } = this.#clock;
    this.#clock.set(this.#lieEndTs, this.positionSamples);
    const continued = this.#leadOf(packet);
    if (this.#isCredible(continued, packet)) return continued;
    this.#clock.set(ts, place);
    return -1;
  }

  /** The packet's media time relative to the end of what is placed: of all it may be modulo 2^32, the one arrival is nearest to. */
  #leadOf(packet: Packet): number {
    const nearPlace = this.positionSamples + this.#waitSamples(packet);
    const leadSamples = this.#clock.placeOf(packet.ts, nearPlace) - this.positionSamples;
    // Packets of another rate may not be whole samples of the track: one sample is what rounding makes.
    const isRounding = Math.abs(leadSamples) === 1 && this.#clock.rateHz !== this.#sampleRate;
    return isRounding ? 0 : leadSamples;
  }

  #isCredible(leadSamples: number, packet: Packet): boolean {
    if (leadSamples <= 0) return leadSamples === 0;
    if (leadSamples > MAX_SILENCE_S * this.#sampleRate) return false;
    const sinceOrigin = this.#samplesIn(packet.arrivalNs - this.#originNs);
    const most = sinceOrigin * (1 + AHEAD_PART) + AHEAD_S * this.#sampleRate;
    return this.positionSamples + leadSamples <= most;
  }

  /** What arrival and number say of the time before a packet: a long wait was a pause, else a few were lost. */
  #pauseBefore(packet: Packet, lost: number): number {
    const pauseSamples = Math.round(this.#waitSamples(packet)) - packet.samples;
    return pauseSamples > PAUSE_PACKETS * packet.samples
      ? Math.min(pauseSamples, MAX_SILENCE_S * this.#sampleRate)
      : Math.min(lost, PAUSE_PACKETS) * packet.samples;
  }

  /** From the arrival of the last packet placed to that of this one. */
  #waitSamples(packet: Packet): number {
    return this.#samplesIn(Math.max(0, packet.arrivalNs - this.#placedAtNs));
  }

  #samplesIn(ns: number): number {
    return (ns * this.#sampleRate) / 1e9;
  }

  #insert(samples: number): void {
    if (samples <= 0) return;
    this.#gaps.join(this.positionSamples, samples);
    this.#output.silence(samples);
    this.positionSamples += samples;
  }
}
