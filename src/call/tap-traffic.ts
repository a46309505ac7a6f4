import type { DropReason, Source } from '../capture/index.ts';
import type { ByeMessage, InvMessage, LegName } from '../protocol/index.ts';
import type { Answers } from './answers.ts';
import type { Call } from './call.ts';
import type { DropTally } from './drop-tally.ts';
import { DRAIN_MS, type Lives } from './lives.ts';
import type { CapturePool } from './registry-options.ts';
import { nameOfSource } from './source-name.ts';
import type { Tap } from './tap.ts';

/** What the taps of a live call send to the control port: whose it is, and which of them is recorded. */
export class TapTraffic {
  readonly #pool: CapturePool;
  readonly #lives: Lives;
  readonly #answers: Answers;
  readonly #drops: DropTally;

  constructor(pool: CapturePool, lives: Lives, answers: Answers, drops: DropTally) {
    this.#pool = pool;
    this.#lives = lives;
    this.#answers = answers;
    this.#drops = drops;
  }

  /** An INV of a channel that is being recorded: sent again, late, or of a further tap. */
  inv(call: Call, inv: InvMessage, source: Source, arrivalNs: number): void {
    if (!call.tap.lock.admitsAddress(source.address)) {
      this.#drops.count('wrong-source');
      call.log.debug({ from: nameOfSource(source) }, 'INV from another address than the tap');
      return this.#answers.ack(inv.uuid, null, source);
    }
    const { tap, isRepeated } = call.tapOfInv(inv, source, arrivalNs);
    if (!isRepeated) return this.#answers.ack(inv.uuid, null, source);
    if (tap === call.legsTap && call.state === 'inviting') return;
    if (tap === call.legsTap) this.#answers.ack(inv.uuid, call.ports, source, call.isNumbered);
    else this.#answers.ack(inv.uuid, null, source);
  }

  /** A BYE ends its tap, and the call where that was the last one. */
  bye(call: Call, bye: ByeMessage, source: Source, arrivalNs: number): void {
    if (!call.tap.lock.admitsAddress(source.address)) {
      this.#drops.count('wrong-source');
      return call.warnOfForeignBye(nameOfSource(source));
    }
    const tap = call.tapOfBye(bye.uuid, source);
    if (!tap) return this.#drops.count('wrong-source');
    this.#answers.ack(bye.uuid, null, source);
    // One that has ended says it again.
    if (tap.state === 'ended') return;
    tap.state = 'ended';
    if (tap !== call.tap) return call.log.info({ from: nameOfSource(source) }, 'a tap has ended');
    const { heir } = call;
    if (heir) this.#changeTap(call, heir, 'said BYE', arrivalNs);
    else this.#lives.end(call, 'bye', 'the tap said BYE', arrivalNs, DRAIN_MS);
  }

  data(
    call: Call,
    uuid: string,
    leg: LegName,
    bytes: Uint8Array,
    source: Source,
    arrivalNs: number,
    lagNs: number,
  ): void {
    if (call.state === 'inviting') return this.#drop(call, leg, 'no-call');
    if (!call.tap.lock.admitsAddress(source.address)) return this.#drop(call, leg, 'wrong-source');
    const tap = call.tapOfData(uuid, leg, source);
    if (!tap) return this.#drop(call, leg, 'wrong-source');
    tap.sent(arrivalNs);
    if (tap !== call.tap && !this.#takesOver(call, tap, arrivalNs))
      return this.#drop(call, leg, 'duplicate-tap');
    this.#pool.deliver(call.callId, arrivalNs, lagNs, bytes);
  }

  /** The tap that has the call's ports sends although another one is recorded. */
  duplicates(call: Call, lastArrivalNs: number): void {
    if (!call.end) this.#takesOver(call, call.legsTap, lastArrivalNs);
  }

  /** Has a further tap recorded where it goes on sending and the one that is recorded does not. */
  #takesOver(call: Call, tap: Tap, arrivalNs: number): boolean {
    if (tap.lastArrivalNs < arrivalNs) tap.sent(arrivalNs);
    if (call.end || !call.isOutlastedBy(tap)) return false;
    this.#changeTap(call, tap, 'was silent for 2 s', arrivalNs);
    return true;
  }

  #changeTap(call: Call, heir: Tap, why: string, nowNs: number): void {
    call.changeTap(heir, why, nowNs);
    if (call.ports) this.#pool.setLegs(call.callId, heir === call.legsTap);
    this.#lives.note(call);
  }

  #drop(call: Call, leg: LegName, reason: DropReason): void {
    call.drop(leg, reason);
    this.#drops.count(reason);
  }
}
