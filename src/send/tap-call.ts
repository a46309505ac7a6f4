import {
  type ControlMessage,
  formatControl,
  type InvExtension,
  type ParsedAck,
  type PortPair,
} from '../protocol/index.ts';
import type { Paced } from './pacer.ts';
import { type CallOutcome, type CallSummary, rounded } from './summary.ts';
import type { TapLeg } from './tap-leg.ts';
import { nextTapState, type TapEvent, type TapState } from './tap-state.ts';

/** What a call sends through. */
export interface TapWire {
  /** The local ports of the two legs; `null` is the old form. */
  readonly localPorts: PortPair | null;
  route(ports: PortPair): void;
  sendControl(datagram: Uint8Array): void;
}

export interface TapPlan {
  uuid: string;
  caller: string;
  callee: string;
  /** The wall-clock length of the call's audio. */
  lengthMs: number;
  /** What the INV offers; `null`: nothing. */
  extension: InvExtension | null;
  dropInv: boolean;
  dropBye: boolean;
  retryMs: number;
}

const INV_TRIES = 4;
const BYE_TRIES = 3;

/**
 * One tapped call, as the module lives it. Has no clock and no socket of its own: times come in (those of
 * `performance.now()`), datagrams go out through the wire, and `dueMs` says when it wants to be called.
 */
export class TapCall implements Paced {
  dueMs: number;
  readonly #plan: TapPlan;
  readonly #wire: TapWire;
  readonly #legs: { R: TapLeg; W: TapLeg };
  readonly #onState: (state: TapState) => void;
  #state: TapState = 'inviting';
  #outcome: CallOutcome | undefined;
  #endedBy: CallSummary['endedBy'] = 'sender';
  #begunMs: number | undefined;
  #sendingMs = 0;
  #inviteAgainMs = Number.POSITIVE_INFINITY;
  #ports: PortPair | null = null;
  #isSeqAccepted = false;
  readonly #inv: CallSummary['inv'] = { sent: 0, ackedAfterMs: null };
  readonly #bye: CallSummary['bye'] = { sent: 0, acked: false };

  /** `onState` hears of every state but the first. */
  constructor(
    plan: TapPlan,
    wire: TapWire,
    legs: { R: TapLeg; W: TapLeg },
    nowMs: number,
    onState: (state: TapState) => void,
  ) {
    this.#plan = plan;
    this.#wire = wire;
    this.#legs = legs;
    this.dueMs = nowMs;
    this.#onState = onState;
  }

  get state(): TapState {
    return this.#state;
  }

  /** The part of the audio that has been played, 0 to 1. */
  playedAt(nowMs: number): number {
    if (this.#state === 'inviting') return 0;
    if (this.#state !== 'sending') return 1;
    return Math.min(1, (nowMs - this.#sendingMs) / this.#plan.lengthMs);
  }

  advance(nowMs: number): void {
    if (this.#state === 'inviting') this.#invite(nowMs);
    if (this.#state === 'sending') this.#play(nowMs);
    if (this.#state === 'ending') this.#sayBye(nowMs);
  }

  /** What came from the server; anything about other calls is passed over. */
  receive(message: ControlMessage, nowMs: number): void {
    if (message.uuid !== this.#plan.uuid || this.#state === 'ended') return;
    if (message.kind === 'ack') this.#acked(message, nowMs);
    else if (message.kind === 'bye') this.#endedByServer();
  }

  /** Ends the sending early, with a BYE where the server may know of the call. */
  stop(nowMs: number): void {
    if (this.#state === 'ending' || this.#state === 'ended') return;
    this.#outcome = 'aborted';
    this.#move('stopped');
    this.#sayBye(nowMs);
  }

  summary(): CallSummary {
    return {
      uuid: this.#plan.uuid,
      outcome: this.#outcome ?? 'aborted',
      endedBy: this.#endedBy,
      startedAt:
        this.#begunMs === undefined
          ? null
          : new Date(performance.timeOrigin + this.#begunMs).toISOString(),
      inv: { ...this.#inv },
      ports: this.#ports,
      seq: {
        offered: this.#inv.sent > 0 && this.#plan.extension?.seq === true,
        accepted: this.#isSeqAccepted,
      },
      legs: { R: this.#legs.R.summary(), W: this.#legs.W.summary() },
      bye: { ...this.#bye },
    };
  }

  #invite(nowMs: number): void {
    if (this.#inv.sent === INV_TRIES) {
      this.#outcome = 'no-ack';
      this.#move('gave-up');
      return;
    }
    this.#begunMs ??= nowMs;
    if (!this.#plan.dropInv) this.#sendInv(nowMs);
    if (this.#plan.dropInv || this.#wire.localPorts === null) this.#startSending(nowMs);
    else this.dueMs = this.#inviteAgainMs;
  }

  #sendInv(nowMs: number): void {
    const { uuid, caller, callee, extension, retryMs } = this.#plan;
    this.#inv.sent++;
    this.#inviteAgainMs = nowMs + retryMs;
    const ports = this.#wire.localPorts;
    this.#wire.sendControl(formatControl({ kind: 'inv', uuid, caller, callee, ports, extension }));
  }

  #startSending(nowMs: number): void {
    this.#sendingMs = nowMs;
    this.#move('started');
  }

  #play(nowMs: number): void {
    const { R, W } = this.#legs;
    // The old form sends while it waits for its ACK.
    const isUnacked = this.#inv.ackedAfterMs === null && this.#inv.sent > 0;
    if (!isUnacked || this.#inv.sent === INV_TRIES) this.#inviteAgainMs = Number.POSITIVE_INFINITY;
    else if (nowMs >= this.#inviteAgainMs) this.#sendInv(nowMs);
    const elapsedMs = nowMs - this.#sendingMs;
    for (;;) {
      const leg = R.nextAtMs <= W.nextAtMs ? R : W;
      if (leg.nextAtMs > elapsedMs) break;
      leg.sendNext();
    }
    const nextAtMs = Math.min(R.nextAtMs, W.nextAtMs);
    if (nextAtMs < Number.POSITIVE_INFINITY || elapsedMs < this.#plan.lengthMs) {
      const untilMs = Number.isFinite(nextAtMs) ? nextAtMs : this.#plan.lengthMs;
      this.dueMs = Math.min(this.#sendingMs + untilMs, this.#inviteAgainMs);
    } else {
      this.#outcome = 'completed';
      this.#move('played');
    }
  }

  #sayBye(nowMs: number): void {
    if (this.#plan.dropBye || this.#begunMs === undefined || this.#bye.sent === BYE_TRIES) {
      this.#finishUnanswered();
      return;
    }
    this.#bye.sent++;
    this.dueMs = nowMs + this.#plan.retryMs;
    this.#wire.sendControl(formatControl({ kind: 'bye', uuid: this.#plan.uuid }));
  }

  #finishUnanswered(): void {
    // The old form never waited: only now is it known that nobody ever answered.
    const isUnheard = this.#inv.sent > 0 && this.#inv.ackedAfterMs === null;
    if (isUnheard && this.#outcome === 'completed') this.#outcome = 'no-ack';
    this.#move('gave-up');
  }

  #acked({ ports, seq }: ParsedAck, nowMs: number): void {
    if (this.#state === 'ending') {
      // One with ports is a late answer to an INV that was sent twice.
      if (ports !== null && this.#wire.localPorts !== null) return;
      this.#bye.acked = this.#bye.sent > 0;
      this.#move('acked');
      return;
    }
    if (this.#inv.sent === 0 || this.#inv.ackedAfterMs !== null) return;
    this.#inv.ackedAfterMs = rounded(nowMs - (this.#begunMs as number));
    if (this.#state !== 'inviting') return;
    this.#ports = ports;
    if (ports) this.#wire.route(ports);
    if (seq && this.#plan.extension?.seq) this.#numberPackets(nowMs);
    this.#startSending(nowMs);
    this.#play(nowMs);
  }

  /** Media time began with the first INV. */
  #numberPackets(nowMs: number): void {
    const sinceInvMs = nowMs - (this.#begunMs as number);
    this.#isSeqAccepted = true;
    this.#legs.R.number(sinceInvMs);
    this.#legs.W.number(sinceInvMs);
  }

  #endedByServer(): void {
    this.#wire.sendControl(formatControl({ kind: 'ack', uuid: this.#plan.uuid, ports: null }));
    // Two BYEs that cross: the server's says all that an ACK to ours would.
    if (this.#state === 'ending') this.#bye.acked = true;
    else {
      this.#outcome = 'ended-by-server';
      this.#endedBy = 'server';
    }
    this.#move('ended-by-server');
  }

  #move(event: TapEvent): void {
    const state = nextTapState(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'ended') this.dueMs = Number.POSITIVE_INFINITY;
    this.#onState(state);
  }
}
