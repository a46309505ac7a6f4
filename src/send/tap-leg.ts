import { formatData, type LegName } from '../protocol/index.ts';
import type { LegSchedule } from './leg-schedule.ts';
import type { PacketSource } from './packet-source.ts';
import type { LegSummary } from './summary.ts';
import type { WireFormat } from './wire-format.ts';

/** Sends `parts`, one datagram's header and payload; neither changes afterwards. */
export type SendData = (leg: LegName, parts: Uint8Array[]) => void;

/** One leg of one call: its schedule, its payloads and what it has sent. */
export class TapLeg {
  /** When the next packet leaves, milliseconds from the start of the sending; `Infinity` after the last. */
  nextAtMs: number;
  readonly #name: LegName;
  readonly #source: PacketSource;
  readonly #schedule: LegSchedule;
  readonly #header: Uint8Array;
  readonly #send: SendData;
  #packets = 0;
  #bytes = 0;
  #lost = 0;

  constructor(
    name: LegName,
    uuid: string,
    format: WireFormat,
    source: PacketSource,
    schedule: LegSchedule,
    send: SendData,
  ) {
    this.#name = name;
    this.#source = source;
    this.#schedule = schedule;
    this.#send = send;
    // Every payload has the same length, so one header serves the whole leg.
    const whole = formatData(uuid, name, format.payloadType, new Uint8Array(format.packetBytes));
    this.#header = whole.subarray(0, whole.length - format.packetBytes);
    this.nextAtMs = this.#peekAtMs();
  }

  /** Sends the next packet, or leaves it out where it is to be lost. */
  sendNext(): void {
    const packet = this.#schedule.peek();
    if (!packet) return;
    this.#schedule.shift();
    this.nextAtMs = this.#peekAtMs();
    if (packet.isLost) {
      this.#lost++;
      return;
    }
    const payload = this.#source.payload(packet.index);
    this.#packets++;
    this.#bytes += payload.length;
    this.#send(this.#name, [this.#header, payload]);
  }

  summary(): LegSummary {
    return { packets: this.#packets, bytes: this.#bytes, lost: this.#lost };
  }

  #peekAtMs(): number {
    return this.#schedule.peek()?.atMs ?? Number.POSITIVE_INFINITY;
  }
}
