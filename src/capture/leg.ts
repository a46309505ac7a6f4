import {
  type CallClock,
  isPcmCodec,
  Packet,
  type PcmCodec,
  samplesIn,
  Timeline,
} from '../audio/index.ts';
import { codecOf, type DataHeader, type LegName, NO_PAYLOAD_TYPE } from '../protocol/index.ts';
import type { Recording, TrackSummary, TrackWriter } from '../recording/index.ts';
import type { DropReason } from './media-summary.ts';
import type { Datagram } from './receiver.ts';

/** `media.l16_rate`: the rate of L16, which PAYLOAD 10 does not carry, or `auto`. */
export type L16Rate = 'auto' | number;

/** The rates L16 is sent at. */
const L16_RATES = [8000, 16000, 24000, 32000, 48000];
/** `auto` takes a packet to be this long. */
const USUAL_PACKET_S = 0.02;
const G711_RATE = 8000;

/** One leg of a call: its counters, and from its first packet on its timeline and files. */
export class Leg {
  readonly name: LegName;
  lastArrivalNs = -1;
  readonly warnings = new Set<string>();
  readonly #recording: Recording;
  readonly #clock: CallClock;
  readonly #startNs: number;
  readonly #l16Rate: L16Rate;
  readonly #packet = new Packet();
  readonly #payloadTypes = new Set<number>();
  readonly #dropped: Record<string, number> = {};
  #packets = 0;
  #bytes = 0;
  #codec: string | null = null;
  #ptimeMs: number | null = null;
  #sampleRate = 0;
  #timeline: Timeline | null = null;
  #writer: TrackWriter | null = null;

  constructor(
    name: LegName,
    startNs: number,
    clock: CallClock,
    recording: Recording,
    l16Rate: L16Rate,
  ) {
    this.name = name;
    this.#startNs = startNs;
    this.#clock = clock;
    this.#recording = recording;
    this.#l16Rate = l16Rate;
  }

  /** The rate of the track's files in Hz, 0 before its first packet. */
  get sampleRate(): number {
    return this.#sampleRate;
  }

  get positionSamples(): number {
    return this.#timeline?.positionSamples ?? 0;
  }

  drop(reason: DropReason): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  /** Takes one DATA datagram whose header has been read and whose sender and UUID are right. */
  receive(header: DataHeader, datagram: Datagram): void {
    const { payloadType, payloadStart } = header;
    const payloadBytes = datagram.sizeBytes - payloadStart;
    this.lastArrivalNs = datagram.arrivalNs;
    this.#packets++;
    this.#bytes += payloadBytes;
    if (!this.#payloadTypes.has(payloadType)) this.#payloadTypes.add(payloadType);
    const codec = codecOf(payloadType);
    if (!isPcmCodec(codec)) return this.#undecodable(payloadType, codec);
    const samples = samplesIn(codec, payloadBytes);
    if (samples === 0) return;
    const timeline = this.#timeline ?? this.#start(codec, payloadBytes);
    if (codec === 'L16' && this.#rateOf(codec, payloadBytes) !== this.#sampleRate)
      return this.#otherRate();
    const packet = this.#packet;
    packet.arrivalNs = datagram.arrivalNs;
    packet.lagNs = datagram.lagNs;
    packet.codec = codec;
    packet.bytes = datagram.bytes;
    packet.start = payloadStart;
    packet.end = datagram.sizeBytes;
    packet.samples = samples;
    timeline.place(packet);
  }

  flush(): void {
    this.#timeline?.flush();
  }

  /** Makes the track `lengthNs` long; one that had no packet becomes silence at `otherRate`. */
  padTo(lengthNs: number, otherRate: number): void {
    const timeline = this.#timeline ?? (otherRate > 0 ? this.#begin(otherRate, 'none') : null);
    timeline?.padTo(Math.round((lengthNs / 1e9) * this.#sampleRate));
  }

  summary(): TrackSummary {
    const timeline = this.#timeline;
    if (timeline && timeline.unlisted > 0)
      this.warnings.add(`${this.name}: ${timeline.unlisted} further gaps are not listed`);
    return {
      codec: this.#codec,
      payloadTypes: [...this.#payloadTypes].filter((type) => type !== NO_PAYLOAD_TYPE),
      ptimeMs: this.#ptimeMs,
      sampleRate: this.#sampleRate || null,
      packets: this.#packets,
      bytes: this.#bytes,
      samples: timeline?.positionSamples ?? 0,
      gaps: timeline?.gaps ?? [],
      lostPackets: timeline?.lostPackets ?? 0,
      driftCorrections: timeline?.driftCorrections ?? [],
      dropped: this.#dropped,
    };
  }

  #start(codec: PcmCodec, payloadBytes: number): Timeline {
    const rate = this.#rateOf(codec, payloadBytes);
    this.#codec = codec;
    this.#ptimeMs = (samplesIn(codec, payloadBytes) / rate) * 1000;
    return this.#begin(rate, codec);
  }

  #begin(sampleRate: number, codec: string): Timeline {
    this.#sampleRate = sampleRate;
    this.#writer = this.#recording.startTrack(this.name, codec, sampleRate);
    this.#timeline = new Timeline(this.#startNs, sampleRate, this.#clock, this.#writer);
    return this.#timeline;
  }

  #rateOf(codec: PcmCodec, payloadBytes: number): number {
    if (codec !== 'L16') return G711_RATE;
    if (this.#l16Rate !== 'auto') return this.#l16Rate;
    const heard = samplesIn(codec, payloadBytes) / USUAL_PACKET_S;
    return L16_RATES.reduce((best, rate) =>
      Math.abs(rate - heard) < Math.abs(best - heard) ? rate : best,
    );
  }

  #undecodable(payloadType: number, codec: string | undefined): void {
    this.#codec ??= codec ?? null;
    const what =
      payloadType === NO_PAYLOAD_TYPE
        ? 'no payload type'
        : `payload type ${payloadType}${codec ? ` (${codec})` : ''}`;
    this.warnings.add(
      `${this.name}: packets with ${what} can't be decoded and are not in the audio`,
    );
    this.drop('undecodable');
  }

  #otherRate(): void {
    this.warnings.add(
      `${this.name}: L16 packets at another rate than the first are not in the audio`,
    );
    this.drop('undecodable');
  }
}
