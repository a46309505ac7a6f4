import type {
  AllowList,
  OpenCall,
  ReservedPair,
  Source,
  SourceLockMode,
} from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { AckMessage, ByeMessage } from '../protocol/index.ts';
import type { Call, EndedCall } from './call.ts';
import type { CallLimits } from './idle-clock.ts';

/** The part of the capture workers that a call needs. */
export interface CapturePool {
  reservePair(answer: (pair: ReservedPair | null) => void): void;
  open(call: OpenCall, pair: ReservedPair | null): void;
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void;
  setLegs(callId: number, isOpen: boolean): void;
  end(callId: number, endNs: number | null, drainMs: number, mayResume: boolean): void;
  unwatch(callId: number): void;
}

export interface CallRegistryOptions {
  pool: CapturePool;
  /** `isPaid`: the receiver has sent at least as much, though not to the control port. */
  send(message: AckMessage | ByeMessage, to: Source, isPaid: boolean): void;
  limits: CallLimits;
  sourceLock: SourceLockMode;
  /** For the line of the log that helps who is refused. */
  allow: AllowList;
  /** The path of a call's files, see `records.name`. */
  nameOf(call: Pick<Call, 'inv' | 'startedAtMs'>): string;
  /** Monotonic, ns. */
  now(): number;
  /** Files an ended call; must not reject. */
  archive(ended: EndedCall): Promise<void>;
  log: Log;
}
