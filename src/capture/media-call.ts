import { CallClock } from '../audio/index.ts';
import { DataHeader, type LegName, parseData, uuidEquals } from '../protocol/index.ts';
import { type BlockPool, Recording } from '../recording/index.ts';
import { Leg } from './leg.ts';
import type { MediaSummary } from './media-summary.ts';
import type { MediaOptions, OpenCall } from './messages.ts';
import type { Datagram } from './receiver.ts';

/** The header being read; a worker reads one at a time. */
const HEADER = new DataHeader();

/** A call as its worker sees it: two legs, one clock, one recording. */
export class MediaCall {
  readonly callId: number;
  readonly legs: Record<LegName, Leg>;
  readonly #call: OpenCall;
  readonly #uuid: Uint8Array;
  readonly #recording: Recording;

  constructor(call: OpenCall, options: MediaOptions, blocks: BlockPool) {
    this.callId = call.callId;
    this.#call = call;
    this.#uuid = Buffer.from(call.uuid, 'latin1');
    this.#recording = new Recording(options.recording, blocks);
    this.#recording.open(call.date, call.uuid, call.journal);
    const clock = new CallClock(call.startNs);
    const leg = (name: LegName) =>
      new Leg(name, call.startNs, clock, this.#recording, options.l16Rate);
    this.legs = { R: leg('R'), W: leg('W') };
  }

  /** Arrival of the last packet that was taken; -1 before the first. */
  get lastArrivalNs(): number {
    return Math.max(this.legs.R.lastArrivalNs, this.legs.W.lastArrivalNs);
  }

  /** Takes a datagram that came to the port of `socketLeg`. */
  receive(socketLeg: LegName, datagram: Datagram): void {
    const { bytes, sizeBytes } = datagram;
    if (datagram.address !== this.#call.address) this.legs[socketLeg].drop('wrong-source');
    else if (parseData(bytes, HEADER, sizeBytes) !== 'data') this.legs[socketLeg].drop('malformed');
    else if (!uuidEquals(bytes, HEADER, this.#uuid)) this.legs[socketLeg].drop('wrong-uuid');
    else this.legs[HEADER.leg].receive(HEADER, datagram);
  }

  /** Takes DATA from the control port, where sender and UUID have led to this call. */
  receiveChecked(datagram: Datagram): void {
    if (parseData(datagram.bytes, HEADER, datagram.sizeBytes) === 'data')
      this.legs[HEADER.leg].receive(HEADER, datagram);
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
    R.padTo(lengthNs, W.sampleRate);
    W.padTo(lengthNs, R.sampleRate);
    const recording = await this.#recording.finish(this.#call.tags);
    const tracks = { R: R.summary(), W: W.summary() };
    return {
      durationMs: Math.round((R.sampleRate > 0 ? lengthNs : 0) / 1e6),
      tracks,
      recording,
      warnings: [...recording.warnings, ...R.warnings, ...W.warnings],
    };
  }
}

function lengthOf(leg: Leg): number {
  return leg.sampleRate > 0 ? (leg.positionSamples / leg.sampleRate) * 1e9 : 0;
}
