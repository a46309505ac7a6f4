import { formatData, type LegName } from '../protocol/index.ts';
import type { LegSchedule } from './leg-schedule.ts';
import type { PacketSource } from './packet-source.ts';
import type { LegSummary } from './summary.ts';
import type { WireFormat } from './wire-format.ts';

/** Sends one datagram, given whole or as header and payload; none of it changes afterwards. */
export type SendData = (leg: LegName, parts: Uint8Array[]) => void;

const WRAP = 2 ** 32;

/** One leg of one call: its schedule, its payloads and what it has sent. */
export class TapLeg {
  /** When the next packet leaves, milliseconds from the start of the sending; `Infinity` after the last. */
  nextAtMs: number;
  readonly #name: LegName;
  readonly #uuid: string;
  readonly #format: WireFormat;
  readonly #source: PacketSource;
  readonly #schedule: LegSchedule;
  readonly #header: Uint8Array;
  readonly #send: SendData;
  #packets = 0;
  #bytes = 0;
  #lost = 0;
  #duplicates = 0;
  /** The media time at which packet 0 begins, where packets are numbered; else -1. */
  #firstTs = -1;

  constructor(
    name: LegName,
    uuid: string,
    format: WireFormat,
    source: PacketSource,
    schedule: LegSchedule,
    send: SendData,
  ) {
    this.#name = name;
    this.#uuid = uuid;
    this.#format = format;
    this.#source = source;
    this.#schedule = schedule;
    this.#send = send;
    // Every payload has the same length, so without numbers one header serves the whole leg.
    const whole = formatData(uuid, name, format.payloadType, new Uint8Array(format.packetBytes));
    this.#header = whole.subarray(0, whole.length - format.packetBytes);
    this.nextAtMs = this.#peekAtMs();
  }

  /** Numbers the packets: packet 0 begins so long after the tap did, rounded to whole packets. */
  number(sinceTapMs: number): void {
    const { ptimeMs, packetSamples } = this.#format;
    this.#firstTs = Math.round(sinceTapMs / ptimeMs) * packetSamples;
  }

  /** Sends the next packet, once or twice, or leaves it out where it is to be lost. */
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
    const parts =
      this.#firstTs < 0 ? [this.#header, payload] : [this.#numbered(packet.index, payload)];
    this.#send(this.#name, parts);
    if (!packet.isTwice) return;
    this.#duplicates++;
    this.#send(this.#name, parts);
  }

  summary(): LegSummary {
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      lost: this.#lost,
      duplicates: this.#duplicates,
    };
  }

  /** SEQ counts the packets that are left out, too: that is how a receiver knows of them. */
  #numbered(index: number, payload: Uint8Array): Uint8Array {
    const { payloadType, packetSamples } = this.#format;
    const ts = (this.#firstTs + index * packetSamples) % WRAP;
    return formatData(this.#uuid, this.#name, payloadType, payload, index % WRAP, ts);
  }

  #peekAtMs(): number {
    return this.#schedule.peek()?.atMs ?? Number.POSITIVE_INFINITY;
  }
}
