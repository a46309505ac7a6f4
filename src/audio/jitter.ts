/** How fast what jitter does is learned: over a few seconds. */
const WEIGHT = 1 / 128;
/** Larger excesses are no jitter. */
const MOST_PACKETS = 3;
/**
 * What proves a loss, in packet times summed over late packets beyond the usual: at least this much
 * (15 packets that are one packet time late), and more where jitter is wide (a CUSUM test whose
 * bound is this many times the variance over the step).
 */
const PROOF = 7.5;
const PROOF_PER_VARIANCE = 20;

/** What jitter alone does to the excess of a leg's packets: mean and variance over the last few seconds. */
export class Jitter {
  /** The usual excess, in ns. */
  meanNs = 0;
  #varianceNs2 = 0;
  #seen = 0;

  learn(excessNs: number, packetNs: number): void {
    const weight = Math.max(WEIGHT, 1 / ++this.#seen);
    const jitterNs = Math.max(0, Math.min(excessNs, MOST_PACKETS * packetNs));
    const offNs = jitterNs - this.meanNs;
    this.meanNs += weight * offNs;
    this.#varianceNs2 = (1 - weight) * (this.#varianceNs2 + weight * offNs * offNs);
  }

  /** The sum of excesses beyond the usual and half a packet time that jitter does not come to, in ns. */
  proofNs(packetNs: number): number {
    return Math.max(PROOF * packetNs, (PROOF_PER_VARIANCE * this.#varianceNs2) / packetNs);
  }
}
