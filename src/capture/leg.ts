import {
  ALAW_SILENCE,
  type CallClock,
  g723Samples,
  g729Samples,
  isPcmCodec,
  type LegTimeline,
  Packet,
  type PcmCodec,
  SequencedTimeline,
  SPEECH_RATE,
  samplesIn,
  Timeline,
  ULAW_SILENCE,
} from '../audio/index.ts';
import {
  type Codec,
  codecOf,
  DataHeader,
  type LegName,
  NO_PAYLOAD_TYPE,
} from '../protocol/index.ts';
import type { Recording, TrackSummary } from '../recording/index.ts';
import type { LegStats } from './call-stats.ts';
import { LegOutput } from './leg-output.ts';
import type { Mask } from './mask.ts';
import type { DropReason } from './media-summary.ts';
import { RateProbe } from './rate-probe.ts';
import type { Datagram } from './receiver.ts';
import { RepeatFilter } from './repeat-filter.ts';

/** `media.l16_rate`: the rate of L16 in Hz, which PAYLOAD 10 does not carry, or `auto`. */
export type L16Rate = 'auto' | number;

const G711_RATE = 8000;

/** The packet being placed; a worker places one at a time. */
const PACKET = new Packet();

/** What the extension of the call's INV settled; see docs/protocol.md. */
export interface LegExtension {
  /** DATA carries the packet's number and media time, and the ACK has accepted that. */
  seq: boolean;
  /** Of L16, which beats `media.l16_rate`. */
  rateHz: number | null;
}

/** An L16 packet that waits until the rate is known. */
interface ProbedPacket {
  header: DataHeader;
  datagram: Datagram;
}

/** One leg of a call: its counters, its payloads as they came, and from its first sound on its timeline and files. */
export class Leg {
  readonly name: LegName;
  lastArrivalNs = -1;
  readonly warnings = new Set<string>();
  readonly #recording: Recording;
  readonly #clock: CallClock;
  readonly #mask: Mask;
  readonly #startNs: number;
  readonly #output = new LegOutput();
  readonly #repeats = new RepeatFilter({
    isAhead: (packet, packetNs) => this.#arrived?.isAhead(packet.arrivalNs, packetNs) ?? false,
    isQuiet: (packet) => this.#output.isQuiet(packet),
    append: (packet, rateHz, isInDoubt) => this.#append(packet, rateHz, isInDoubt),
  });
  readonly #payloadTypes = new Set<number>();
  /** Of the last packet. */
  #payloadType: number | null = null;
  #payloadCodec: Codec | null = null;
  readonly #warnedTypes = new Set<number>();
  readonly #dropped: Record<string, number> = {};
  #packets = 0;
  #bytes = 0;
  #codec: Codec | null = null;
  #ptimeMs: number | null = null;
  #sampleRate = 0;
  #timeline: LegTimeline | null = null;
  /** The leg's timeline where that goes by arrival. */
  #arrived: Timeline | null = null;
  /** Of numbered packets, where the extension has them; the leg's timeline until others come. */
  readonly #numbered: SequencedTimeline | null;
  /** Of L16, once it is known. */
  #l16Rate: number | null;
  #probe: RateProbe | null = null;
  #probed: ProbedPacket[] = [];

  constructor(
    name: LegName,
    { startNs, extension }: { startNs: number; extension: LegExtension },
    clock: CallClock,
    mask: Mask,
    recording: Recording,
    l16Rate: L16Rate,
  ) {
    this.name = name;
    this.#startNs = startNs;
    this.#clock = clock;
    this.#mask = mask;
    this.#recording = recording;
    this.#l16Rate = extension.rateHz ?? (l16Rate === 'auto' ? null : l16Rate);
    this.#numbered = extension.seq ? new SequencedTimeline(startNs, this.#output) : null;
  }

  get packets(): number {
    return this.#packets;
  }

  /** The rate of the track in Hz, 0 before its first sound. */
  get sampleRate(): number {
    return this.#sampleRate;
  }

  /** True once there is something to hear. */
  get hasFiles(): boolean {
    return this.#output.writer !== null;
  }

  get positionSamples(): number {
    return this.#timeline?.positionSamples ?? 0;
  }

  drop(reason: DropReason, count = 1): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
  }

  /** Takes one DATA datagram whose header has been read and whose sender and UUID are right. */
  receive(header: DataHeader, datagram: Datagram): void {
    const { payloadType, payloadStart } = header;
    const payloadBytes = datagram.sizeBytes - payloadStart;
    this.lastArrivalNs = datagram.arrivalNs;
    this.#packets++;
    this.#bytes += payloadBytes;
    if (payloadType !== this.#payloadType) this.#typeChanges(payloadType);
    if (payloadBytes === 0) return this.#skip(header, datagram);
    const codec = this.#payloadCodec;
    this.#keep(codec, datagram, payloadStart);
    if (!codec) {
      this.#unknown(payloadType, payloadBytes);
      return this.#skip(header, datagram);
    }
    if (codec === 'L16' && this.#l16Rate === null) return this.#findRate(header, datagram);
    // What waits for its rate came before this packet, and goes before it.
    if (this.#probed.length > 0) this.#rateFound((this.#probe as RateProbe).guess());
    this.#place(codec, header, datagram);
  }

  /** Decides on all that waits. */
  flush(): void {
    if (this.#probe && this.#l16Rate === null) this.#rateFound(this.#probe.guess());
    this.#numbered?.flush();
    this.#repeats.flush();
    this.#timeline?.flush();
  }

  /** Makes the track `lengthNs` long; one without files gets silent ones where the other leg has some. */
  padTo(lengthNs: number, other: Leg): void {
    if (!this.hasFiles && other.hasFiles) this.#openFiles('L16', other.sampleRate);
    this.#timeline?.padTo(Math.round((lengthNs / 1e9) * this.#sampleRate));
  }

  /** What it is at `nowNs`; the level only where `measureUntil` was called a moment ago. */
  stats(nowNs: number): LegStats {
    const levelDb = this.#output.meter.levelDb(nowNs);
    const { lastArrivalNs } = this;
    return { codec: this.#codec, packets: this.#packets, lastArrivalNs, levelDb };
  }

  /** Measures how loud it is until then. */
  measureUntil(untilNs: number): void {
    this.#output.meter.switchOn(untilNs);
  }

  summary(): TrackSummary {
    const timeline = this.#timeline;
    const duplicates = this.#repeats.copies + (this.#numbered?.duplicates ?? 0);
    if (duplicates > 0) this.#dropped.duplicate = duplicates;
    if (this.#numbered !== null) this.#countNumbered(this.#numbered);
    const said = [...new Set([this.#numbered, timeline])].filter((one) => one !== null);
    const unlisted = said.reduce((sum, one) => sum + one.unlisted, 0);
    if (unlisted > 0) this.warnings.add(`${this.name}: ${unlisted} further gaps are not listed`);
    const unread = this.#dropped.kernel ?? 0;
    if (unread > 0)
      this.warnings.add(
        `${this.name}: ${unread} packets were lost because this machine was too busy to read them`,
      );
    return {
      codec: this.#codec,
      payloadTypes: [...this.#payloadTypes].filter((type) => type !== NO_PAYLOAD_TYPE),
      ptimeMs: this.#ptimeMs,
      sampleRate: this.#sampleRate || null,
      packets: this.#packets,
      bytes: this.#bytes,
      samples: timeline?.positionSamples ?? 0,
      gaps: said.flatMap((one) => one.gaps),
      unwritten: this.#output.writer?.unwritten ?? [],
      lostPackets: said.reduce((sum, one) => sum + one.lostPackets, 0),
      driftCorrections: said.flatMap((one) => one.driftCorrections),
      dropped: this.#dropped,
    };
  }

  /** What only the packets' numbers can tell. */
  #countNumbered(timeline: SequencedTimeline): void {
    const { lateSeq, malformed } = timeline;
    if (lateSeq > 0) this.#dropped['late-seq'] = lateSeq;
    if (malformed > 0)
      this.warnings.add(
        `${this.name}: ${malformed} packets had a number or a media time that can't be`,
      );
  }

  #typeChanges(payloadType: number): void {
    this.#payloadType = payloadType;
    this.#payloadCodec = codecOf(payloadType) ?? null;
    this.#payloadTypes.add(payloadType);
  }

  /** Keeps the payload as it came, where that is wanted or nothing else can be done with it. */
  #keep(codec: Codec | null, datagram: Datagram, start: number): void {
    const wantsRaw = this.#recording.wantsRaw || !isPcmCodec(codec ?? undefined);
    if (!wantsRaw && !this.#recording.wantsHex) return;
    const writer = this.#recording.payloads(this.name);
    const { sizeBytes } = datagram;
    const isMasked = this.#mask.covers(datagram.arrivalNs);
    const bytes = isMasked ? silenced(codec, datagram) : datagram.bytes;
    if (!bytes) return;
    if (wantsRaw) writer.raw(codec, bytes, start, sizeBytes);
    if (this.#recording.wantsHex) writer.hex(bytes, start, sizeBytes);
  }

  /** Once a payload type, not once a packet. */
  #notDecoded(payloadType: number, codec: Codec): void {
    if (this.#warnedTypes.has(payloadType)) return;
    this.#warnedTypes.add(payloadType);
    this.warnings.add(
      `${this.name}: ${codec} is not decoded; it is kept raw, and silent elsewhere`,
    );
  }

  #unknown(payloadType: number, payloadBytes: number): void {
    if (this.#warnedTypes.has(payloadType)) return;
    this.#warnedTypes.add(payloadType);
    const type =
      payloadType === NO_PAYLOAD_TYPE ? 'no payload type' : `payload type ${payloadType}`;
    this.warnings.add(
      `${this.name}: packets with ${type}, the first of ${payloadBytes} bytes, can't be decoded; they are kept raw`,
    );
  }

  #findRate(header: DataHeader, datagram: Datagram): void {
    this.#probe ??= new RateProbe();
    this.#probed.push({
      header: Object.assign(new DataHeader(), header),
      datagram: datagram.copy(),
    });
    const payloadBytes = datagram.sizeBytes - header.payloadStart;
    const rate = this.#probe.add(payloadBytes, datagram.arrivalNs);
    if (rate !== null) this.#rateFound(rate);
  }

  #rateFound(rate: number): void {
    this.#l16Rate = rate;
    for (const { header, datagram } of this.#probed) this.#place('L16', header, datagram);
    this.#probed = [];
  }

  #place(codec: Codec, header: DataHeader, datagram: Datagram): void {
    const payload = datagram.payload(header.payloadStart);
    const sizeBytes = payload.length;
    const packet = PACKET;
    packet.arrivalNs = datagram.arrivalNs;
    packet.lagNs = datagram.lagNs;
    packet.batch = datagram.batch;
    packet.isLastOfBatch = datagram.isLastOfBatch;
    packet.payload = payload;
    packet.seq = this.#numbered ? header.seq : -1;
    packet.ts = this.#numbered ? header.ts : -1;
    packet.isSilent = this.#mask.covers(datagram.arrivalNs);
    const rate = isPcmCodec(codec) ? this.#rateOf(codec) : SPEECH_RATE;
    if (isPcmCodec(codec)) {
      packet.codec = codec;
      packet.samples = samplesIn(codec, sizeBytes);
    } else {
      packet.isSilent = true;
      packet.samples =
        codec === 'G729' ? g729Samples(sizeBytes) : g723Samples(payload, 0, sizeBytes);
      this.#notDecoded(header.payloadType, codec);
    }
    if (packet.samples === 0) return this.#skip(header, datagram);
    if (!this.#timeline) this.#begin(codec, rate, packet.samples);
    else if (packet.seq < 0 && this.#timeline === this.#numbered) this.#goByArrival(this.#numbered);
    if (isPcmCodec(codec) && !this.hasFiles) this.#openFiles(codec, this.#sampleRate);
    if (this.#timeline === this.#numbered) this.#numbered?.place(packet, rate);
    else this.#repeats.take(packet, rate);
  }

  #append(packet: Packet, rate: number, isInDoubt: boolean): void {
    const { arrivalNs, samples } = packet;
    this.#output.convert(packet, rate);
    if (packet.samples === 0) return;
    this.#arrived?.place(packet);
    if (isInDoubt) this.#arrived?.doubt((samples / rate) * 1e9, arrivalNs);
  }

  /** A packet that holds no audio is none that is missing, where the leg goes by numbers. */
  #skip({ seq, ts }: DataHeader, { arrivalNs }: Datagram): void {
    if (this.#timeline === null || this.#timeline === this.#numbered)
      this.#numbered?.skip(seq, ts, arrivalNs);
  }

  #rateOf(codec: PcmCodec): number {
    return codec === 'L16' ? (this.#l16Rate as number) : G711_RATE;
  }

  #begin(codec: Codec, sampleRate: number, samples: number): void {
    this.#codec = codec;
    this.#ptimeMs = (samples / sampleRate) * 1000;
    this.#beginAt(sampleRate, PACKET.seq >= 0 ? this.#numbered : null);
  }

  #beginAt(sampleRate: number, numbered: SequencedTimeline | null): LegTimeline {
    this.#sampleRate = sampleRate;
    this.#output.sampleRate = sampleRate;
    this.#timeline = numbered ?? this.#arriveFrom(0);
    return this.#timeline;
  }

  #arriveFrom(startSamples: number): Timeline {
    const { sampleRate } = this;
    this.#arrived = new Timeline(
      this.#startNs,
      sampleRate,
      this.#clock,
      this.#output,
      startSamples,
    );
    return this.#arrived;
  }

  /** Numbers have stopped coming, as when another tap takes over: what follows is placed by arrival. */
  #goByArrival(numbered: SequencedTimeline): void {
    numbered.flush();
    this.#timeline = this.#arriveFrom(numbered.positionSamples);
  }

  /** From here on the track has files; what the timeline has counted so far is silence in them. */
  #openFiles(codec: PcmCodec, sampleRate: number): void {
    const timeline = this.#timeline ?? this.#beginAt(sampleRate, null);
    const writer = this.#recording.startTrack(this.name, codec, this.#sampleRate);
    if (timeline.positionSamples > 0) writer.silence(timeline.positionSamples);
    this.#output.writer = writer;
  }
}

/** A payload of the same length that says nothing; null for codecs where only leaving it out does. */
function silenced(codec: Codec | null, datagram: Datagram): Uint8Array | null {
  if (!isPcmCodec(codec ?? undefined)) return null;
  const code = codec === 'PCMU' ? ULAW_SILENCE : codec === 'PCMA' ? ALAW_SILENCE : 0;
  return new Uint8Array(datagram.sizeBytes).fill(code);
}
