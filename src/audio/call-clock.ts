/** How long one look at the least delay lasts. */
const WINDOW_NS = 5e9;

/** The furthest the estimate moves per window: 400 ppm, four times what any clock drifts. */
const MAX_STEP_NS = 2e6;

/**
 * The drift between the sender's clock and ours, for one call: both legs feed it and both obey it, so
 * that a correction never moves them apart. All times in nanoseconds.
 *
 * The delay of a packet is its arrival minus the place of its last sample. Its minimum over a window
 * is free of jitter; when that minimum creeps, a clock drifts. What jumps is loss or a gap of one
 * leg, and the timeline of that leg has dealt with it before it reports here.
 */
export class CallClock {
  /** The least delay now, relative to the call's start; what every leg's packets are held against. */
  delayNs = 0;
  /** What the legs shall have inserted (positive) or dropped (negative) since the start, because of drift. */
  correctionNs = 0;
  /** When `correctionNs` last changed. */
  correctedAtNs = 0;
  /** The packet time a correction is made of. */
  stepNs = 0;
  #windowStartNs: number;
  #windowMinNs = Number.POSITIVE_INFINITY;

  constructor(originNs: number) {
    this.#windowStartNs = originNs;
  }

  /** Takes one packet's delay; once a window is over, follows its minimum. */
  observe(delayNs: number, arrivalNs: number, packetNs: number): void {
    if (delayNs < this.#windowMinNs && delayNs >= this.delayNs - MAX_STEP_NS)
      this.#windowMinNs = delayNs;
    if (arrivalNs - this.#windowStartNs < WINDOW_NS) return;
    const moved = this.#windowMinNs - this.delayNs;
    if (Number.isFinite(moved))
      this.delayNs += Math.max(-MAX_STEP_NS, Math.min(MAX_STEP_NS, moved));
    this.#windowStartNs = arrivalNs;
    this.#windowMinNs = Number.POSITIVE_INFINITY;
    const pending = this.delayNs - this.correctionNs;
    if (Math.abs(pending) < packetNs) return;
    this.stepNs = packetNs;
    this.correctionNs += Math.sign(pending) * packetNs;
    this.correctedAtNs = arrivalNs;
  }
}
