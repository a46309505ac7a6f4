import type { PortPair } from '../protocol/index.ts';
import type {
  DiskReport,
  FormatName,
  RecordingOptions,
  RecordingTags,
} from '../recording/index.ts';
import type { CallStats } from './call-stats.ts';
import type { L16Rate, LegExtension } from './leg.ts';
import type { DropReason, MediaSummary } from './media-summary.ts';
import type { SourceLockMode } from './source-lock.ts';

/** What every call of a worker is captured with. */
export interface MediaOptions {
  recording: RecordingOptions;
  l16Rate: L16Rate;
  sourceLock: SourceLockMode;
}

/** What a worker is started with. */
export interface WorkerSetup extends MediaOptions {
  /** Zero of the process's monotonic clock. */
  clockOrigin: bigint;
  host: string;
  portRestMs: number;
  flushIntervalMs: number;
  /** Of audio that waits for a disk. */
  maxBufferBytes: number;
  /** Where recordings lie whose name is absolute; null where none does. */
  fallbackDir: string | null;
  /** The worker's `OpenDescriptors`, where it receives in batches; null: with node's sockets. */
  descriptors: SharedArrayBuffer | null;
}

/** A call as handed to the worker that captures it. */
export interface OpenCall {
  /** Unique in the process; a UUID may come again. */
  callId: number;
  uuid: string;
  /** The INV's sender, and the ports it announced for DATA; null where it announced none. */
  address: string;
  announced: PortPair | null;
  /** The bound sockets that were promised in the ACK; null where DATA comes to the control port. */
  pairId: number | null;
  /** Arrival of the INV, where both tracks begin. */
  startNs: number;
  extension: LegExtension;
  /** Path of its files below the recordings folder, without segment, leg and ending. */
  name: string;
  /** What the call is recorded as; null: as all are. */
  formats: readonly FormatName[] | null;
  journal: object;
  tags: RecordingTags;
}

/** One idle pair of leg sockets, held ready by a worker. */
export interface BoundPair extends PortPair {
  pairId: number;
}

/** Whose media is looked out for at the ports of a call that has ended. */
export type WatchedCall = Pick<OpenCall, 'callId' | 'uuid' | 'address' | 'announced'>;

/** DATA that goes on after its call has ended. */
export interface ResumedMedia {
  /** The call that has ended. */
  callId: number;
  uuid: string;
  /** When the first packet began: its arrival less the time it holds. */
  startNs: number;
}

export type ToWorker =
  /** With `watched` the pair is not for a further call, but for that one to go on. */
  | { kind: 'bind'; pair: BoundPair; watched: WatchedCall | null }
  | { kind: 'open'; call: OpenCall }
  /** Datagrams of the control port; `entries` holds callId, arrivalNs, lagNs, offset and size of each. */
  | { kind: 'data'; bytes: Uint8Array<ArrayBuffer>; entries: Float64Array<ArrayBuffer> }
  /**
   * `endNs` null: at the last packet. What still comes within `drainMs` is taken. With `mayResume` the
   * call's ports rest and are watched until `unwatch`, else they rest for `portRestMs`.
   */
  | { kind: 'end'; callId: number; endNs: number | null; drainMs: number; mayResume: boolean }
  /** Whether what comes to the call's ports is of the tap that is recorded, or of one that is not any more. */
  | { kind: 'legs'; callId: number; isOpen: boolean }
  | { kind: 'tags'; callId: number; tags: RecordingTags }
  /** `stats` of all calls are wanted now, and levels with those that are wanted soon. */
  | { kind: 'stats' }
  /** What has come to the ports of a call that may go on is to be read now; answered by `looked`. */
  | { kind: 'look'; callId: number }
  /** The call does not go on at its ports: these rest for what is left of `portRestMs`. */
  | { kind: 'unwatch'; callId: number }
  /** The server is stopped: so long from now on, and no call waits for a disk that fails any more. */
  | { kind: 'hurry'; patienceMs: number }
  | { kind: 'stop' };

export type FromWorker =
  | { kind: 'bound'; pair: BoundPair }
  | { kind: 'bind-failed'; pair: BoundPair; port: number; code: string }
  /** The pair has rested and is closed; `strays` datagrams came to it outside a call. */
  | { kind: 'released'; pair: BoundPair; strays: number }
  /** Last arrivals of the calls that have had packets since the last report. */
  | { kind: 'activity'; callIds: number[]; lastArrivalNs: number[] }
  /** DATA of the tap that is not recorded any more came to the call's ports, last at that time. */
  | { kind: 'duplicates'; callId: number; lastArrivalNs: number }
  /** DATA of a call that has ended goes on at its resting ports, and is kept there for the call to come. */
  | { kind: 'resumed'; resumed: ResumedMedia; pair: BoundPair }
  /** If the media of the call goes on, `resumed` was said before. */
  | { kind: 'looked'; callId: number }
  /** Of all calls that are not over. */
  | { kind: 'stats'; calls: CallStats[] }
  /** What was dropped since the last report. */
  | { kind: 'dropped'; counts: Partial<Record<DropReason, number>> }
  /** A folder can't be written to any more, or again. */
  | { kind: 'disk'; report: DiskReport }
  | { kind: 'finished'; callId: number; summary: MediaSummary };
