import { randomUUID } from 'node:crypto';
import type { Log } from '../log.ts';
import type { CallFacts } from './call.ts';
import type { Channel } from './channel.ts';

/** A call that should have been recorded, and has no audio because its channel could not be tapped. */
export class UntappedCall {
  /** Unique for ever, across nodes. */
  readonly recordId = randomUUID();
  readonly channel: Channel;
  /** Why, in words. */
  readonly reason: string;
  /** When that was clear, on the monotonic and on the wall clock. */
  readonly atNs: number;
  readonly atMs: number;
  readonly log: Log;
  /** Path of its manifest below the recordings folder, without segment and ending. */
  name = '';

  constructor(channel: Channel, reason: string, atNs: number, atMs: number, log: Log) {
    this.channel = channel;
    this.reason = reason;
    this.atNs = atNs;
    this.atMs = atMs;
    this.log = log.child({ uuid: channel.info.uuid });
  }

  /** Its start is when it was clear: the clock of a box may say anything. */
  get facts(): CallFacts {
    const { uuid, box, direction, callerNumber, calleeNumber } = this.channel.info;
    const startedAtMs = this.atMs;
    return { uuid, caller: callerNumber, callee: calleeNumber, startedAtMs, box, direction };
  }
}
