import { HeldPacket, type Packet } from '../audio/index.ts';

/** Where packets go that are no copies, and what is known there of their time. */
export interface RepeatSink {
  /** True where a packet that lasts `packetNs`, put behind all that was handed on, comes before its time. */
  isAhead(packet: Packet, packetNs: number): boolean;
  /** True where the packet holds a pause in speech. */
  isQuiet(packet: Packet): boolean;
  /** Takes a packet of `rateHz`. In doubt it may yet turn out to be one too many. */
  append(packet: Packet, rateHz: number, isInDoubt: boolean): void;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** A copy made by the network comes right behind its original: within this part of a packet time. */
const WITHIN = 0.5;

class RatedPacket extends HeldPacket {
  rateHz = 0;
}

/**
 * Leaves out packets that the network has delivered twice, where they carry no number: the same bytes as the
 * packet before, right behind it. But a backlog comes as closely, and a tone or the noise of an idle
 * converter can be the same bytes for a packet time, so bytes alone prove nothing:
 *
 * - What comes before its time is one too many: a copy.
 * - What is in time or late and quiet stays. Where it was a copy, packets will come before their time.
 * - What is in time or late and loud waits for the next packet. If that is the same again, it is a tone; speech
 *   never is the same twice, so that otherwise it is a copy.
 *
 * What goes on repeating, or is one sample throughout, is none.
 */
export class RepeatFilter {
  /** Those that were left out. */
  copies = 0;
  readonly #sink: RepeatSink;
  /** The payload before: where it came, as long as that stays, else in a copy. */
  #last = NOTHING;
  #batch = 0;
  #copy = NOTHING;
  #arrivalNs = Number.NEGATIVE_INFINITY;
  #didRepeat = false;
  /** It waits for the next packet, where `isWaiting`. */
  readonly #held = new RatedPacket();
  #isWaiting = false;

  constructor(sink: RepeatSink) {
    this.#sink = sink;
  }

  /** Hands the packet, whose samples are at `rateHz`, to the sink, now or with the next, unless it is a copy. */
  take(packet: Packet, rateHz: number): void {
    const { arrivalNs } = packet;
    const packetNs = (packet.samples / rateHz) * 1e9;
    const repeats = this.#equals(packet);
    const isClose = arrivalNs - this.#arrivalNs < WITHIN * packetNs;
    const isSuspect = repeats && isClose && !this.#didRepeat && !isConstant(packet);
    this.#didRepeat = repeats;
    this.#arrivalNs = arrivalNs;
    if (!repeats || this.#batch !== 0) this.#keep(packet);
    if (this.#isWaiting) this.#settle(repeats);
    if (!isSuspect) this.#sink.append(packet, rateHz, false);
    else if (this.#sink.isAhead(packet, packetNs)) this.copies++;
    else if (this.#sink.isQuiet(packet)) this.#sink.append(packet, rateHz, true);
    else this.#wait(packet, rateHz);
  }

  /** Nothing comes any more. */
  flush(): void {
    if (this.#isWaiting) this.#settle(false);
  }

  #wait(packet: Packet, rateHz: number): void {
    this.#held.copyFrom(packet);
    this.#held.rateHz = rateHz;
    this.#isWaiting = true;
  }

  #settle(isTone: boolean): void {
    this.#isWaiting = false;
    if (isTone) this.#sink.append(this.#held, this.#held.rateHz, false);
    else this.copies++;
  }

  #equals({ payload, batch }: Packet): boolean {
    const last = this.#last;
    // What is of a batch before has been overwritten.
    if (payload.length !== last.length || (this.#batch !== 0 && this.#batch !== batch))
      return false;
    for (let i = payload.length - 1; i >= 0; i--) if (last[i] !== payload[i]) return false;
    return true;
  }

  #keep({ payload, batch, isLastOfBatch }: Packet): void {
    this.#batch = isLastOfBatch ? 0 : batch;
    this.#last = payload;
    if (!isLastOfBatch) return;
    if (this.#copy.length !== payload.length) this.#copy = new Uint8Array(payload.length);
    this.#copy.set(payload);
    this.#last = this.#copy;
  }
}

function isConstant({ codec, payload }: Packet): boolean {
  const sampleBytes = codec === 'L16' ? 2 : 1;
  for (let i = sampleBytes; i < payload.length; i++)
    if (payload[i] !== payload[i - sampleBytes]) return false;
  return true;
}
