import { ALAW_TO_LINEAR, isFiller, type Packet, ULAW_TO_LINEAR } from '../audio/index.ts';

const FULL_SCALE = 32_768;
/** Of silence, whose level would be without bound: one unit of a 16-bit sample is -90 dBFS. */
const FLOOR_DB = -96;
/** A level is taken over this part of a second. */
const WINDOWS_PER_S = 10;
/** For so long a level says how loud it is now. */
const FRESH_NS = 1e9;

/** How loud a leg is. It costs one comparison a packet as long as nobody asks. */
export class LevelMeter {
  #untilNs = -1;
  #squares = 0;
  #samples = 0;
  #windowStartNs = -1;
  #levelDb = FLOOR_DB;
  #measuredNs = Number.NEGATIVE_INFINITY;

  /** Measures packets that arrive until then, on the process's monotonic clock. */
  switchOn(untilNs: number): void {
    this.#untilNs = untilNs;
  }

  /** Takes a packet of the track, at `sampleRate` Hz. One that is silent on purpose has no level. */
  measure(packet: Packet, sampleRate: number): void {
    if (packet.arrivalNs > this.#untilNs || packet.isSilent) return;
    // What was gathered before a pause is no level of now.
    if (packet.arrivalNs - this.#windowStartNs > FRESH_NS) this.#restart(packet.arrivalNs);
    if (!isFiller(packet)) this.#squares += squaresOf(packet);
    this.#samples += packet.samples;
    if (this.#samples * WINDOWS_PER_S < sampleRate) return;
    const meanSquare = this.#squares / this.#samples / FULL_SCALE ** 2;
    this.#levelDb = Math.max(FLOOR_DB, Math.round(100 * Math.log10(meanSquare)) / 10);
    this.#measuredNs = packet.arrivalNs;
    this.#restart(packet.arrivalNs);
  }

  /** RMS in dBFS of about 100 ms that ended within the last second; null where none was measured. */
  levelDb(nowNs: number): number | null {
    return nowNs - this.#measuredNs <= FRESH_NS ? this.#levelDb : null;
  }

  #restart(nowNs: number): void {
    this.#windowStartNs = nowNs;
    this.#squares = 0;
    this.#samples = 0;
  }
}

/** The sum of the squares of a packet's samples. */
function squaresOf({ codec, payload, samples }: Packet): number {
  let sum = 0;
  if (codec === 'L16') {
    for (let i = 0, at = 0; i < samples; i++, at += 2) {
      const sample = (((payload[at] as number) | ((payload[at + 1] as number) << 8)) << 16) >> 16;
      sum += sample * sample;
    }
    return sum;
  }
  const table = codec === 'PCMU' ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
  for (let i = 0; i < samples; i++) {
    const sample = table[payload[i] as number] as number;
    sum += sample * sample;
  }
  return sum;
}
