/** The wall clock, in whole seconds and the rest. */
export interface WallTime {
  seconds: number;
  nanoseconds: number;
}

/** A reading of both clocks that took no longer is good enough. */
const EXACT_NS = 5_000;
const MAX_READINGS = 5;
/** The kernel stamps a datagram, and may queue it so much later where it is busy. */
const QUEUEING_NS = 50e6;

/**
 * Turns the kernel's stamps, which are by the wall clock, into times of the process's monotonic clock.
 * Both clocks go equally fast, so their distance changes only where somebody sets the wall clock. What
 * was stamped before that and read after it is told by when its socket was empty last.
 */
export class KernelClock {
  /** When the clocks were compared last, on the monotonic clock. */
  comparedNs = 0;
  /** Of the time given last: it may have been up to this much earlier. */
  lagNs = 0;
  readonly #now: () => number;
  readonly #readWall: (time: WallTime) => void;
  readonly #wall: WallTime = { seconds: 0, nanoseconds: 0 };
  /** Seconds of the wall clock are counted from here, so that a number holds nanoseconds exactly. */
  readonly #zeroSeconds: number;
  #distanceNs = 0;
  #distanceBeforeNs = 0;
  /** How far off `distance` may be. */
  #doubtNs = 0;
  #measuredNs = 0;
  #measuredDoubtNs = 0;
  /** The wall clock was found set at that time. */
  #setNs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number, readWall: (time: WallTime) => void) {
    this.#now = now;
    this.#readWall = readWall;
    readWall(this.#wall);
    this.#zeroSeconds = this.#wall.seconds;
    this.#measure();
    this.#distanceNs = this.#distanceBeforeNs = this.#measuredNs;
    this.#doubtNs = this.#measuredDoubtNs;
  }

  /** Looks whether the wall clock has been set; before each pass over the sockets. */
  compare(): void {
    this.#measure();
    const changeNs = Math.abs(this.#measuredNs - this.#distanceNs);
    const isSet = changeNs > this.#measuredDoubtNs + this.#doubtNs;
    if (!isSet && this.#measuredDoubtNs >= this.#doubtNs) return;
    if (isSet) {
      this.#setNs = this.comparedNs;
      this.#distanceBeforeNs = this.#distanceNs;
    }
    this.#distanceNs = this.#measuredNs;
    this.#doubtNs = this.#measuredDoubtNs;
  }

  /**
   * When a datagram arrived that is stamped so, on the monotonic clock. `emptyNs`: its socket was empty
   * then, so it came later. Sets `lagNs`.
   */
  arrivalNs(seconds: number, nanoseconds: number, emptyNs: number): number {
    const stampNs = (seconds - this.#zeroSeconds) * 1e9 + nanoseconds;
    const ns = stampNs + this.#distanceNs;
    this.lagNs = 0;
    if (emptyNs >= this.#setNs && ns >= emptyNs - QUEUEING_NS && ns <= this.comparedNs) return ns;
    return this.#doubtful(stampNs, emptyNs);
  }

  /** When a datagram arrived that has no stamp: by now. Sets `lagNs`. */
  unstampedNs(emptyNs: number): number {
    const ns = this.#now();
    this.lagNs = Math.max(0, ns - emptyNs);
    return ns;
  }

  /** It came since the clocks were compared, or the wall clock has been set since its socket was empty. */
  #doubtful(stampNs: number, emptyNs: number): number {
    this.compare();
    const nowNs = this.comparedNs;
    const ns = stampNs + this.#distanceNs;
    if (emptyNs >= this.#setNs) return Math.min(ns, nowNs);
    const beforeNs = stampNs + this.#distanceBeforeNs;
    const isPossible = ns >= emptyNs - QUEUEING_NS && ns <= nowNs;
    const wasPossible = beforeNs >= emptyNs - QUEUEING_NS && beforeNs <= nowNs;
    if (isPossible && wasPossible) {
      this.lagNs = Math.abs(ns - beforeNs);
      return Math.max(ns, beforeNs);
    }
    if (isPossible) return ns;
    if (wasPossible) return beforeNs;
    this.lagNs = Math.max(0, nowNs - emptyNs);
    return nowNs;
  }

  /** Reads the wall clock between two readings of the monotonic one, until these are close together. */
  #measure(): void {
    this.#measuredDoubtNs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < MAX_READINGS && this.#measuredDoubtNs > EXACT_NS; i++) {
      const fromNs = this.#now();
      this.#readWall(this.#wall);
      const toNs = this.#now();
      if (toNs - fromNs >= this.#measuredDoubtNs) continue;
      const { seconds, nanoseconds } = this.#wall;
      const wallNs = (seconds - this.#zeroSeconds) * 1e9 + nanoseconds;
      this.#measuredDoubtNs = toNs - fromNs;
      this.#measuredNs = (fromNs + toNs) / 2 - wallNs;
      this.comparedNs = toNs;
    }
  }
}
