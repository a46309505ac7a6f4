const WRAP = 2 ** 32;
/** What is reckoned with as long as no sound has told the rate. */
const USUAL_RATE = 8000;
/** A guess at a change of the rate that would need a pause besides loses to one that needs none. */
const PAUSE_COST_S = 24 * 3600;

/** The first packet of another rate that has come: what it says, and how it stands to the last of the old one. */
export interface RateChange {
  rateHz: number;
  ts: number;
  /** At `rateHz`. */
  samples: number;
  /** Packets between the two that have not come, or hold no audio. */
  missing: number;
  /** By arrival, from the end of the last one to the beginning of this one. */
  waitS: number;
}

/**
 * Where on its track a media time is. It counts samples, modulo 2^32, at the rate the leg has at the time:
 *
 *     ts       0        8000       24000     the rate changes: ts goes on from where it stands
 *              ├─ 8 kHz ──┼─ 16 kHz ─┤
 *     seconds  0          1          2
 *
 * so that a place is reckoned from the last change, or from where the clock was set.
 */
export class MediaClock {
  rateHz = USUAL_RATE;
  /** Media time `ts` is at sample `place` of the track. */
  ts: number;
  place = 0;
  /** The media time behind the last sound; -1 before the first. */
  endTs = -1;
  #lastSamples = 0;
  #trackRateHz = USUAL_RATE;

  /** `ts` is that of the track's first sample. */
  constructor(ts: number) {
    this.ts = ts;
  }

  /** The first sound tells the rate of the track. */
  begin(trackRateHz: number): void {
    this.#trackRateHz = trackRateHz;
    this.rateHz = trackRateHz;
  }

  set(ts: number, place: number): void {
    this.ts = ts;
    this.place = place;
  }

  /** A sound has been placed: `samples` of it, at the clock's rate. */
  note(ts: number, samples: number): void {
    this.endTs = (ts + samples) % WRAP;
    this.#lastSamples = samples;
  }

  /** The sample at which `ts` is: of all it may be modulo 2^32, the one nearest to `nearPlace`. */
  placeOf(ts: number, nearPlace: number): number {
    const sinceSet = unwrapped(ts - this.ts);
    const nearSinceSet = ((nearPlace - this.place) * this.rateHz) / this.#trackRateHz;
    const since = sinceSet + WRAP * Math.round((nearSinceSet - sinceSet) / WRAP);
    return this.place + Math.floor((since * this.#trackRateHz) / this.rateHz);
  }

  /** The samples of the clock's rate in so many of the track. */
  ticksIn(trackSamples: number): number {
    return (trackSamples * this.rateHz) / this.#trackRateHz;
  }

  /** From the first packet of the new rate on, time is counted at that. */
  change(change: RateChange, nearPlace: number): void {
    if (this.endTs >= 0) {
      const firstTs = unwrapped(change.ts - this.#lostBefore(change) * change.samples);
      this.set(firstTs, this.placeOf(firstTs, nearPlace));
    }
    this.rateHz = change.rateHz;
  }

  /**
   * How many of the missing packets were of the new rate already. Their samples tell, where those are all
   * that is missing; where the sender was silent too, it is what fits best to the time that has passed.
   */
  #lostBefore({ rateHz, ts, samples, missing, waitS }: RateChange): number {
    const since = unwrapped(ts - this.endTs);
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let lost = 0; lost <= missing && lost * samples <= since; lost++) {
      const newSamples = lost * samples;
      const pause = since - newSamples - (missing - lost) * this.#lastSamples;
      const lengthS = (since - newSamples) / this.rateHz + newSamples / rateHz;
      const cost = Math.abs(lengthS - waitS) + (pause === 0 ? 0 : PAUSE_COST_S);
      if (cost >= least) continue;
      best = lost;
      least = cost;
    }
    return best;
  }
}

function unwrapped(ts: number): number {
  return ((ts % WRAP) + WRAP) % WRAP;
}
