import { CallClock } from '../audio/index.ts';
import { DataHeader, type LegName, parseData } from '../protocol/index.ts';
import { type BlockPool, type Disk, Recording, type RecordingTags } from '../recording/index.ts';
import type { CallStats } from './call-stats.ts';
import { Gate } from './gate.ts';
import { Leg } from './leg.ts';
import { Mask } from './mask.ts';
import type { DropReason, MediaSummary, OnDrop } from './media-summary.ts';
import type { MediaOptions, OpenCall } from './messages.ts';
import type { Datagram } from './receiver.ts';
import { SourceLock } from './source-lock.ts';

/** The header being read; a worker reads one at a time. */
const HEADER = new DataHeader();

/** A call as its worker sees it: two legs, one clock, one recording. */
export class MediaCall {
  readonly callId: number;
  readonly uuid: string;
  readonly legs: Record<LegName, Leg>;
  /** What the call's ports let through. */
  readonly gate: Gate;
  /** Last arrival of what would have been let through while another tap was recorded; -1 without one. */
  duplicatesNs = -1;
  readonly #call: OpenCall;
  readonly #onDrop: OnDrop;
  readonly #recording: Recording;
  readonly #mask = new Mask();
  #tags: RecordingTags;
  #areLegsOpen = true;

  constructor(
    call: OpenCall,
    options: MediaOptions,
    blocks: BlockPool,
    disk: Disk,
    onDrop: OnDrop,
  ) {
    this.callId = call.callId;
    this.uuid = call.uuid;
    this.#call = call;
    this.#onDrop = onDrop;
    this.gate = new Gate(
      call.uuid,
      new SourceLock(options.sourceLock, call.address, call.announced),
    );
    this.#tags = call.tags;
    const formats = call.formats ?? options.recording.formats;
    this.#recording = new Recording({ ...options.recording, formats }, blocks, disk);
    this.#recording.open(call.name, call.journal);
    const clock = new CallClock(call.startNs);
    const leg = (name: LegName) =>
      new Leg(name, call, clock, this.#mask, this.#recording, options.l16Rate);
    this.legs = { R: leg('R'), W: leg('W') };
  }

  /** Arrival of the last packet that was taken; -1 before the first. */
  get lastArrivalNs(): number {
    return Math.max(this.legs.R.lastArrivalNs, this.legs.W.lastArrivalNs);
  }

  /** Takes a datagram that came to the port of `socketLeg`. */
  receive(socketLeg: LegName, datagram: Datagram): void {
    if (datagram.overflows > 0) this.#drop(socketLeg, 'kernel', datagram.overflows);
    const refusal = this.gate.refusal(datagram, HEADER);
    if (refusal !== null) return this.#drop(socketLeg, refusal);
    if (this.#areLegsOpen) return this.#legOf(HEADER).receive(HEADER, datagram);
    this.duplicatesNs = datagram.arrivalNs;
    this.#drop(HEADER.leg, 'duplicate-tap');
  }

  /** Whether the tap that has the call's ports is the one that is recorded. */
  set areLegsOpen(isOpen: boolean) {
    this.#areLegsOpen = isOpen;
  }

  /** Takes DATA from the control port, where sender and UUID have led to this call. */
  receiveChecked(datagram: Datagram): void {
    if (parseData(datagram.bytes, HEADER, datagram.sizeBytes) === 'data')
      this.#legOf(HEADER).receive(HEADER, datagram);
  }

  /** Not by its name as a key, which takes far longer to find. */
  #legOf({ leg }: DataHeader): Leg {
    return leg === 'R' ? this.legs.R : this.legs.W;
  }

  #drop(leg: LegName, reason: DropReason, count = 1): void {
    this.legs[leg].drop(reason, count);
    this.#onDrop(reason, count);
  }

  /**
   * What arrives from `atNs` on is silence of the same length in every output, until it is switched off. What
   * arrived before and has not been read yet is not, and what has been read already stays as it is.
   */
  setMask(isOn: boolean, atNs: number): void {
    this.#mask.set(isOn, atNs);
  }

  /** What its files say inside, in place of what they were opened with. */
  setTags(tags: RecordingTags): void {
    this.#tags = tags;
  }

  /** What it is at `nowNs`. From the first time on levels are measured, until `measureUntilNs`. */
  stats(nowNs: number, measureUntilNs: number): CallStats {
    const { R, W } = this.legs;
    for (const leg of [R, W]) leg.measureUntil(measureUntilNs);
    return { callId: this.callId, legs: { R: R.stats(nowNs), W: W.stats(nowNs) } };
  }

  flushFiles(): void {
    this.#recording.flush();
  }

  /** Ends both tracks at `endNs`, or at the last packet where that is null, and makes the files final. */
  async finish(endNs: number | null): Promise<MediaSummary> {
    const { R, W } = this.legs;
    R.flush();
    W.flush();
    const { startNs } = this.#call;
    const elapsedNs = (endNs ?? Math.max(this.lastArrivalNs, startNs)) - startNs;
    const lengthNs = Math.max(elapsedNs, lengthOf(R), lengthOf(W));
    this.#mask.set(false, startNs + lengthNs);
    R.padTo(lengthNs, W);
    W.padTo(lengthNs, R);
    const recording = await this.#recording.finish(this.#tags);
    const tracks = { R: R.summary(), W: W.summary() };
    return {
      durationMs: R.packets + W.packets > 0 ? Math.round(lengthNs / 1e6) : 0,
      tracks,
      recording,
      masks: this.#mask.spansFrom(startNs),
      warnings: [...recording.warnings, ...R.warnings, ...W.warnings],
    };
  }
}

function lengthOf(leg: Leg): number {
  return leg.sampleRate > 0 ? (leg.positionSamples / leg.sampleRate) * 1e9 : 0;
}
