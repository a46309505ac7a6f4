/** How packets leave, and which don't. Times are milliseconds of the wall clock. */
export interface Departure {
  /** From one packet to the next. */
  packetMs: number;
  /** How many packets the leg has. */
  packets: number;
  /** The chance of a packet to get lost, 0 to 1. */
  loss: number;
  /** Each packet leaves up to this much late. */
  jitterMs: number;
  /** True lets jitter change the order of packets. */
  reorder: boolean;
  /** The chance of a packet that is not lost to be sent twice, 0 to 1. */
  duplicate: number;
  /** Once in `burstEveryMs` nothing leaves for this long, and then all that is due at once; 0 is never. */
  burstMs: number;
  burstEveryMs: number;
}

export interface Packet {
  index: number;
  /** When it leaves, milliseconds from the start of the sending. */
  atMs: number;
  isLost: boolean;
  isTwice: boolean;
}

/**
 * When each packet of a leg leaves. Pure but for the random numbers it draws, two a packet and always in
 * the packets' order, so that one seed gives one schedule however late anybody asks. What is sent twice
 * follows from numbers of its own: loss and jitter are the same with it and without.
 */
export class LegSchedule {
  readonly #departure: Departure;
  readonly #random: () => number;
  readonly #duplicateRandom: () => number;
  /** Drawn and not taken, in the order of leaving. */
  readonly #waiting: Packet[] = [];
  #drawn = 0;
  #lastAtMs = 0;

  constructor(departure: Departure, random: () => number, duplicateRandom: () => number) {
    this.#departure = departure;
    this.#random = random;
    this.#duplicateRandom = duplicateRandom;
  }

  /** The packet that leaves next, or `undefined` after the last. */
  peek(): Packet | undefined {
    const { packets, packetMs, reorder } = this.#departure;
    // A packet drawn later leaves earliest at its nominal time: up to there nothing can overtake.
    while (this.#drawn < packets) {
      const next = this.#waiting[0];
      if (next && !(reorder && this.#drawn * packetMs < next.atMs)) break;
      this.#draw();
    }
    return this.#waiting[0];
  }

  /** Takes what `peek` showed. */
  shift(): void {
    this.#waiting.shift();
  }

  #draw(): void {
    const { packetMs, loss, jitterMs, reorder, duplicate } = this.#departure;
    const index = this.#drawn++;
    const isLost = this.#random() < loss;
    const isTwice = this.#duplicateRandom() < duplicate && !isLost;
    let atMs = this.#afterStall(index * packetMs + this.#random() * jitterMs);
    if (!reorder) {
      atMs = Math.max(atMs, this.#lastAtMs);
      this.#lastAtMs = atMs;
    }
    let place = this.#waiting.length;
    while (place > 0 && (this.#waiting[place - 1] as Packet).atMs > atMs) place--;
    this.#waiting.splice(place, 0, { index, atMs, isLost, isTwice });
  }

  /** The first stall begins after half a period, so that a short call meets one too. */
  #afterStall(atMs: number): number {
    const { burstMs, burstEveryMs } = this.#departure;
    if (burstMs === 0) return atMs;
    const sinceStall = (atMs + burstEveryMs / 2) % burstEveryMs;
    return sinceStall < burstMs && atMs >= burstEveryMs / 2 ? atMs - sinceStall + burstMs : atMs;
  }
}
