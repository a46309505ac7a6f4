import type { PortPair } from '../protocol/index.ts';
import type { RecordingOptions, RecordingTags } from '../recording/index.ts';
import type { L16Rate } from './leg.ts';
import type { MediaSummary } from './media-summary.ts';

/** What every call of a worker is captured with. */
export interface MediaOptions {
  recording: RecordingOptions;
  l16Rate: L16Rate;
}

/** What a worker is started with. */
export interface WorkerSetup extends MediaOptions {
  /** Zero of the process's monotonic clock. */
  clockOrigin: bigint;
  host: string;
  portRestMs: number;
  flushIntervalMs: number;
}

/** A call as handed to the worker that captures it. */
export interface OpenCall {
  /** Unique in the process; a UUID may come again. */
  callId: number;
  uuid: string;
  /** The INV's sender; DATA from any other address is dropped. */
  address: string;
  /** The bound sockets that were promised in the ACK; null where DATA comes to the control port. */
  pairId: number | null;
  /** Arrival of the INV, where both tracks begin. */
  startNs: number;
  /** Folder of the recording: the day the call began. */
  date: string;
  journal: object;
  tags: RecordingTags;
}

/** One idle pair of leg sockets, held ready by a worker. */
export interface BoundPair extends PortPair {
  pairId: number;
}

export type ToWorker =
  | { kind: 'bind'; pair: BoundPair }
  | { kind: 'open'; call: OpenCall }
  /** Datagrams of the control port; `entries` holds callId, arrivalNs, lagNs, offset and size of each. */
  | { kind: 'data'; bytes: Uint8Array<ArrayBuffer>; entries: Float64Array<ArrayBuffer> }
  /** `endNs` null: at the last packet. What still comes within `drainMs` is taken. */
  | { kind: 'end'; callId: number; endNs: number | null; drainMs: number }
  | { kind: 'stop' };

export type FromWorker =
  | { kind: 'bound'; pair: BoundPair }
  | { kind: 'bind-failed'; pair: BoundPair; port: number; code: string }
  /** The pair has rested and is closed; `strays` datagrams came to it outside a call. */
  | { kind: 'released'; pair: BoundPair; strays: number }
  /** Last arrivals of the calls that have had packets since the last report. */
  | { kind: 'activity'; callIds: number[]; lastArrivalNs: number[] }
  | { kind: 'finished'; callId: number; summary: MediaSummary };
