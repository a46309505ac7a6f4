import { HeldPacket, type Packet } from './packet.ts';

/** Packets are held for a decision this long; longer only while a backlog is coming in, and at most this many. */
const HOLD_NS = 500e6;
const HOLD_BACKLOG_NS = 2e9;
const HOLD_PACKETS = 512;
/** A pause longer than this many packet times is a gap or a stall; what comes next tells which. */
const PAUSE_PACKETS = 3;
/** This many packets without a pause, at this share of real time or slower: the backlog, if there was one, is in. */
const PACED_PACKETS = 10;
const PACE = 0.9;
/** For the next that hold something: most legs hold nothing most of the time. */
const SPARE: HeldPacket[] = [];
const MAX_SPARE = 1024;

/**
 * The packets of a leg that wait, in order, until what follows tells where they belong.
 *
 * Behind a pause it is the pace that tells. While packets come faster than real time, the sender or the network
 * makes up for a stall, and how much of the pause was silence can't be known before that is over:
 *
 *     ││││         │ │ │ │ │ │ │  │   │   │   │
 *         ╰ pause ╯╰ backlog ────╯╰ real time ──
 */
export class HeldRow {
  /** The oldest first. */
  packets: HeldPacket[] = [];
  /** In all of them. */
  samples = 0;
  readonly #nsPerSample: number;
  #lastArrivalNs = 0;

  constructor(nsPerSample: number) {
    this.#nsPerSample = nsPerSample;
  }

  /** Takes note of an arrival, whether it will be held or not; true where a pause was before it. */
  arrive(packet: Packet): boolean {
    const pauseNs = packet.arrivalNs - this.#lastArrivalNs;
    this.#lastArrivalNs = packet.arrivalNs;
    return pauseNs > PAUSE_PACKETS * this.#nsOf(packet);
  }

  hold(packet: Packet, isAfterPause: boolean): void {
    const held = SPARE.pop() ?? new HeldPacket();
    held.copyFrom(packet);
    held.afterPause = isAfterPause;
    this.packets.push(held);
    this.samples += held.samples;
  }

  /** Hands on the first `count`. */
  release(count: number, take: (packet: HeldPacket) => void): void {
    for (let i = 0; i < count; i++) {
      const packet = this.packets[i] as HeldPacket;
      this.samples -= packet.samples;
      take(packet);
      if (SPARE.length < MAX_SPARE) SPARE.push(packet);
    }
    if (count > 0) this.packets = count === this.packets.length ? [] : this.packets.slice(count);
  }

  /** The first one behind a pause; where there is none, how many are held. */
  pauseAt(): number {
    const index = this.packets.findIndex((packet) => packet.afterPause);
    return index < 0 ? this.packets.length : index;
  }

  /** True where what follows the oldest one has told all that it will. */
  isDecided(): boolean {
    if (this.packets.length >= HOLD_PACKETS || this.isOverdue(this.#lastArrivalNs)) return true;
    return this.pauseAt() < this.packets.length && this.#isPaced();
  }

  /** True where the oldest one has waited long enough. */
  isOverdue(nowNs: number): boolean {
    const first = this.packets[0];
    if (!first) return false;
    const heldNs = nowNs - first.arrivalNs;
    return heldNs >= HOLD_BACKLOG_NS || (heldNs >= HOLD_NS && !this.#isBacklogged(nowNs));
  }

  /** True while what was stalled still comes in, or stalls once more. */
  #isBacklogged(nowNs: number): boolean {
    if (this.pauseAt() === this.packets.length) return false;
    const last = this.packets[this.packets.length - 1] as HeldPacket;
    const isStalled = nowNs - last.arrivalNs > PAUSE_PACKETS * this.#nsOf(last);
    return isStalled ? this.#paceOf(this.#lastRun()) < PACE : !this.#isPaced();
  }

  /** True where the last ones came at real-time pace: what was stalled is here. */
  #isPaced(): boolean {
    const run = this.#lastRun();
    return run === PACED_PACKETS && this.#paceOf(run) >= PACE;
  }

  /** How many of the last ones came without a pause between them, ten at most. */
  #lastRun(): number {
    const { packets } = this;
    const most = Math.min(packets.length, PACED_PACKETS);
    let run = 1;
    while (run < most && !packets[packets.length - run]?.afterPause) run++;
    return run;
  }

  /** Of the last `run`: 1 is real time, less is faster. */
  #paceOf(run: number): number {
    const { packets } = this;
    const [first, last] = [packets.at(-run) as HeldPacket, packets.at(-1) as HeldPacket];
    return run > 1 ? (last.arrivalNs - first.arrivalNs) / ((run - 1) * this.#nsOf(last)) : 1;
  }

  #nsOf(packet: Packet): number {
    return packet.samples * this.#nsPerSample;
  }
}
