import type {
  AllowList,
  CallStats,
  OpenCall,
  Peers,
  ReservedPair,
  Source,
  SourceLockMode,
} from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { AckMessage, ByeMessage } from '../protocol/index.ts';
import type { CallFacts, EndedCall } from './call.ts';
import type { Channels } from './channels.ts';
import type { CallLimits } from './idle-clock.ts';
import type { TapNotes } from './tap-notes.ts';
import type { UntappedCall } from './untapped-call.ts';

/** The part of the capture workers that a call needs. */
export interface CapturePool {
  reservePair(answer: (pair: ReservedPair | null) => void): void;
  open(call: OpenCall, pair: ReservedPair | null): void;
  deliver(callId: number, arrivalNs: number, lagNs: number, datagram: Uint8Array): void;
  setLegs(callId: number, isOpen: boolean): void;
  setTags(callId: number, tags: OpenCall['tags']): void;
  end(callId: number, endNs: number | null, drainMs: number, mayResume: boolean): void;
  look(callId: number, then: () => void): void;
  unwatch(callId: number): void;
  stats(): Promise<CallStats[]>;
}

export interface CallRegistryOptions {
  /** Which server; for the journals. */
  node: string;
  pool: CapturePool;
  /** What FreeSWITCH says of the channels that are called; empty without an event socket. */
  channels: Channels;
  /** A call has begun: its INV or DATA proved that the channel has a tap. Must not throw. */
  began(uuid: string): void;
  /** `isPaid`: the receiver has sent at least as much, though not to the control port. */
  send(message: AckMessage | ByeMessage, to: Source, isPaid: boolean): void;
  /** Hands on what waits at the control port of the DATA of this UUID. */
  catchUp(uuid: string): void;
  /**
   * How many packets the kernel has had no room for, since the start, at the place of the control port where
   * those of this UUID wait, with others'.
   */
  overflowsBeside(uuid: string): number;
  limits: CallLimits & {
    /** More are not recorded. */
    maxCalls: number;
  };
  sourceLock: SourceLockMode;
  /** What one address may send. */
  peers: Pick<Peers, 'admitsCall' | 'rates'>;
  /** For the line of the log that helps who is refused. */
  allow: AllowList;
  /** The path of a call's files, see `records.name`. */
  nameOf(facts: CallFacts): string;
  /** What a further server is to know of the calls. */
  notes: Pick<TapNotes, 'write' | 'remove'>;
  /** Monotonic, ns. */
  now(): number;
  /** Files an ended call; must not reject. */
  archive(ended: EndedCall): Promise<void>;
  /** Files a call without audio; must not reject. */
  archiveUntapped(call: UntappedCall): Promise<void>;
  log: Log;
}
