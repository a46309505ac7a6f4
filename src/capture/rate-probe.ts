/** The rates L16 is sent at, in Hz. */
const RATES = [8000, 16_000, 24_000, 32_000, 48_000];
/** Packet times in use, in ms. */
const PACKET_TIMES_MS = [10, 20, 30, 40, 60];
const USUAL_MS = 20;
/** So many intervals tell whether the pace is the usual one; the median of them passes over a burst or a pause. */
const INTERVALS = 8;
/** A pace is the usual one up to this factor; it is what is expected, so that little proves it. */
const USUAL_WITHIN = 1.25;
/** Another one must be met more closely: a backlog that is caught up at 12 ms is no packet time of 10. */
const OTHER_WITHIN = 1.15;
/** Closer than that they are a burst, and tell nothing. */
const BURST_MS = 4;
/** So many packets are waited for, where the pace is not the usual one: what was stalled is here by then. */
const MOST_PACKETS = 25;

/**
 * Finds the rate of L16, which its payload type does not tell, from what arrives per second of real
 * time. Pure; times in nanoseconds.
 */
export class RateProbe {
  readonly #arrivalsMs: number[] = [];
  readonly #sizesBytes: number[] = [];

  /** Takes a packet; returns the rate in Hz once it is known. */
  add(payloadBytes: number, arrivalNs: number): number | null {
    this.#sizesBytes.push(payloadBytes);
    this.#arrivalsMs.push(arrivalNs / 1e6);
    const packets = this.#arrivalsMs.length;
    if (packets <= INTERVALS) return null;
    const isUsual = isWithin(USUAL_WITHIN, this.#paceMs(INTERVALS), USUAL_MS);
    if (isUsual) return this.guess();
    if (packets < MOST_PACKETS) return null;
    const paceMs = this.#paceMs(packets - 1);
    return paceMs < BURST_MS ? this.guess() : rateOf(medianOf(this.#sizesBytes), paceMs);
  }

  /** The rate if packets have the usual length. */
  guess(): number {
    return rateOf(medianOf(this.#sizesBytes), USUAL_MS);
  }

  /** The median of the last `count` intervals. */
  #paceMs(count: number): number {
    const last = this.#arrivalsMs.slice(-count - 1);
    return medianOf(last.slice(1).map((ms, i) => ms - (last[i] as number)));
  }
}

/**
 * The rate at which packets of that size, every `intervalMs`, are real time, of those that make a packet
 * time in use. Where one of them makes it 20 ms, it is that one unless the interval says another clearly.
 */
export function rateOf(payloadBytes: number, intervalMs: number): number {
  const msAt = (rate: number) => (payloadBytes / 2 / rate) * 1000;
  const inUse = RATES.filter((rate) => PACKET_TIMES_MS.includes(msAt(rate)));
  const candidates = inUse.length > 0 ? inUse : RATES;
  const distance = (rate: number) => Math.abs(Math.log(msAt(rate) / intervalMs));
  const nearest = candidates.reduce((best, rate) =>
    distance(rate) < distance(best) ? rate : best,
  );
  const usual = candidates.find((rate) => msAt(rate) === USUAL_MS);
  if (usual === undefined || isWithin(OTHER_WITHIN, msAt(nearest), intervalMs)) return nearest;
  return usual;
}

function isWithin(factor: number, ms: number, otherMs: number): boolean {
  return Math.abs(Math.log(ms / otherMs)) <= Math.log(factor);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
