import type { DropReason, MediaSummary, Source } from '../capture/index.ts';
import type { Log } from '../log.ts';
import type { InvMessage, LegName, PortPair } from '../protocol/index.ts';
import { type CallEvent, type CallState, type EndReason, next } from './state.ts';

/** How and when a call ended. */
export interface CallEnd {
  reason: EndReason;
  words: string;
  /** On the process's monotonic clock; null: at the last packet. */
  atNs: number | null;
}

export interface CallStart {
  callId: number;
  inv: InvMessage;
  source: Source;
  startNs: number;
  startedAtMs: number;
}

/** One tap of one channel, from its INV to its final files. */
export class Call {
  readonly callId: number;
  readonly inv: InvMessage;
  /** Where the INV came from, and where ACK and BYE go. */
  readonly source: Source;
  /** Arrival of the INV, on the monotonic and on the wall clock. */
  readonly startNs: number;
  readonly startedAtMs: number;
  readonly log: Log;
  readonly warnings: string[] = [];
  /** `address:port` of further taps of the same channel, whose frames would come twice; one that has ended stays, since its BYE may be repeated. */
  readonly otherTaps = new Set<string>();
  /** What the control port dropped; the leg ports count for themselves. */
  readonly dropped: Record<LegName, Partial<Record<DropReason, number>>> = { R: {}, W: {} };
  lastArrivalNs = -1;
  /** The ports that the ACK named; null for a bare ACK. */
  ports: PortPair | null = null;
  end: CallEnd | null = null;
  #state: CallState = 'inviting';

  constructor(start: CallStart, log: Log) {
    this.callId = start.callId;
    this.inv = start.inv;
    this.source = start.source;
    this.startNs = start.startNs;
    this.startedAtMs = start.startedAtMs;
    this.log = log;
  }

  get uuid(): string {
    return this.inv.uuid;
  }

  get state(): CallState {
    return this.#state;
  }

  apply(event: CallEvent): void {
    this.#state = next(this.#state, event);
  }

  drop(leg: LegName, reason: DropReason): void {
    this.dropped[leg][reason] = (this.dropped[leg][reason] ?? 0) + 1;
  }
}

/** A call that is over; `media` is null where its worker was lost. */
export interface EndedCall {
  call: Call;
  end: CallEnd;
  media: MediaSummary | null;
}
