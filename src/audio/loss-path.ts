/** Losses of more packets than this in one look are found by the next look. */
const MOST_LOST = 8;
/** A look takes at most so many packets. */
const LOOK_PACKETS = 64;
/** However late or early a packet is, it says no more than this. */
const MOST_COST = 8;
/** An early packet says as much as this times the square of how early it is. */
const EARLY_COST = 32;

/** Where the first loss of a row of packets is, and how many were lost there. */
export interface Loss {
  /** The packet before which they are missing. */
  at: number;
  packets: number;
}

/**
 * Finds the likeliest places of lost packets in a row of late ones.
 *
 * `excess[i]` is how many packet times packet `i` came behind the place that it has if nothing is
 * missing. A network only delays, so the right places are the latest that no packet is early for: a late
 * packet costs as much as it is late, an early one much, and each packet said to be lost `lossCost`. The
 * row of losses that costs least is found by dynamic programming (Viterbi), the state being the number
 * lost so far. Both sides are heard: that without a loss all after it are late, and that with it
 * none is early.
 */
export class LossPath {
  /** The least that any row costs, by the number lost in it. */
  readonly #cost = new Float64Array(MOST_LOST + 1);
  /** For each packet and number lost up to it, the number lost up to the one before. */
  readonly #before = new Uint8Array(LOOK_PACKETS * (MOST_LOST + 1));

  /** The first loss of the likeliest row, null where that has none. Looks at the first 64 packets. */
  first(excess: readonly number[], lossCost: number): Loss | null {
    const count = Math.min(excess.length, LOOK_PACKETS);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) least = Math.min(least, excess[i] as number);
    if (least >= MOST_LOST / 2)
      return count >= lossCost ? { at: 0, packets: Math.floor(least) } : null;
    for (let lost = 0; lost <= MOST_LOST; lost++) this.#cost[lost] = lost * lossCost;
    for (let i = 0; i < count; i++) this.#extend(i, excess[i] as number, lossCost);
    return this.#firstOfCheapest(count);
  }

  /** Extends every row by packet `i`. */
  #extend(i: number, excess: number, lossCost: number): void {
    let from = 0;
    let fromCost = Number.POSITIVE_INFINITY;
    for (let lost = 0; lost <= MOST_LOST; lost++) {
      fromCost += lossCost;
      const stayCost = this.#cost[lost] as number;
      if (stayCost <= fromCost) {
        from = lost;
        fromCost = stayCost;
      }
      this.#cost[lost] = fromCost + costOf(excess - lost);
      this.#before[i * (MOST_LOST + 1) + lost] = from;
    }
  }

  #firstOfCheapest(count: number): Loss | null {
    let lost = 0;
    for (let k = 1; k <= MOST_LOST; k++)
      if ((this.#cost[k] as number) < (this.#cost[lost] as number)) lost = k;
    let first: Loss | null = null;
    for (let i = count - 1; i >= 0; i--) {
      const before = i === 0 ? 0 : (this.#before[i * (MOST_LOST + 1) + lost] as number);
      if (before < lost) first = { at: i, packets: lost - before };
      lost = before;
    }
    return first;
  }
}

function costOf(excess: number): number {
  return Math.min(excess < 0 ? EARLY_COST * excess * excess : excess, MOST_COST);
}
