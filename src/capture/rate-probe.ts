/** The rates L16 is sent at, in Hz. */
const RATES = [8000, 16_000, 24_000, 32_000, 48_000];
/** Packet times in use, in ms. */
const PACKET_TIMES_MS = [10, 20, 30, 40, 60];
const USUAL_MS = 20;
/** So many intervals tell the pace; the median of them passes over a burst or a pause. */
const INTERVALS = 8;
/** Closer than that they are a burst, and tell nothing. */
const BURST_MS = 4;
/** Then the usual packet time is taken. */
const MOST_PACKETS = 25;

/**
 * Finds the rate of L16, which its payload type does not tell, from what arrives per second of real
 * time. Pure; times in nanoseconds.
 */
export class RateProbe {
  readonly #arrivalsNs: number[] = [];
  #bytes = 0;

  /** Takes a packet; returns the rate in Hz once it is known. */
  add(payloadBytes: number, arrivalNs: number): number | null {
    this.#bytes = payloadBytes;
    this.#arrivalsNs.push(arrivalNs);
    if (this.#arrivalsNs.length <= INTERVALS) return null;
    const intervalMs = this.#medianMs();
    if (intervalMs >= BURST_MS) return rateOf(payloadBytes, intervalMs);
    return this.#arrivalsNs.length >= MOST_PACKETS ? this.guess() : null;
  }

  /** The rate if packets have the usual length. */
  guess(): number {
    return rateOf(this.#bytes, USUAL_MS);
  }

  #medianMs(): number {
    const last = this.#arrivalsNs.slice(-INTERVALS - 1);
    const intervals = last.slice(1).map((ns, i) => (ns - (last[i] as number)) / 1e6);
    return intervals.sort((a, b) => a - b)[INTERVALS / 2] as number;
  }
}

/**
 * The rate at which packets of that size, every `intervalMs`, are real time: the one whose packet time
 * is nearest to the interval, of those that make a packet time in use.
 */
export function rateOf(payloadBytes: number, intervalMs: number): number {
  const msAt = (rate: number) => (payloadBytes / 2 / rate) * 1000;
  const usual = RATES.filter((rate) => PACKET_TIMES_MS.includes(msAt(rate)));
  const candidates = usual.length > 0 ? usual : RATES;
  const distance = (rate: number) => Math.abs(Math.log(msAt(rate) / intervalMs));
  return candidates.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
}
