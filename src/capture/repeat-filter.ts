import type { Packet } from '../audio/index.ts';

/** A copy made by the network comes right behind its original: within this part of a packet time. */
const WITHIN = 0.5;

/**
 * Finds packets that the network has delivered twice, where they carry no number: the same bytes as the
 * packet before, right behind it. A tone or silence repeats too, but goes on repeating, at its own pace,
 * or is one sample throughout; of a tone that begins in a burst one packet at the most is lost to this.
 */
export class RepeatFilter {
  #last = new Uint8Array(0);
  #size = 0;
  #arrivalNs = Number.NEGATIVE_INFINITY;
  #didRepeat = false;

  /** True where the payload, which lasts `packetNs`, is a copy of the one before. */
  isCopy(packet: Packet, packetNs: number): boolean {
    const { bytes, start, end, arrivalNs } = packet;
    const repeats = this.#equals(bytes, start, end);
    const isClose = arrivalNs - this.#arrivalNs < WITHIN * packetNs;
    const isCopy = repeats && isClose && !this.#didRepeat && !isConstant(packet);
    this.#didRepeat = repeats;
    if (isCopy) return true;
    this.#arrivalNs = arrivalNs;
    if (!repeats) this.#keep(bytes, start, end);
    return false;
  }

  #equals(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#size) return false;
    const last = this.#last;
    for (let i = this.#size - 1; i >= 0; i--) if (last[i] !== bytes[start + i]) return false;
    return true;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    this.#size = end - start;
    if (this.#last.length < this.#size) this.#last = new Uint8Array(this.#size);
    const last = this.#last;
    for (let i = this.#size - 1; i >= 0; i--) last[i] = bytes[start + i] as number;
  }
}

function isConstant({ codec, bytes, start, end }: Packet): boolean {
  const sampleBytes = codec === 'L16' ? 2 : 1;
  for (let i = start + sampleBytes; i < end; i++)
    if (bytes[i] !== bytes[i - sampleBytes]) return false;
  return true;
}
