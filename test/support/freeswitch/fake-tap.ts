import { parseControl } from '../../../src/protocol/index.ts';
import { TapCall } from '../../../src/send/tap-call.ts';
import { TapSockets } from '../../../src/send/tap-sockets.ts';
import type { TapState } from '../../../src/send/tap-state.ts';
import type { FakeChannel } from './fake-channel.ts';
import type { TapFault } from './faults.ts';
import type { TapStarter, TapTarget } from './switchboard.ts';
import type { TapMedia } from './tap-media.ts';

/** What the module in mod_rst/ says of a tap, and why. */
export type TapWords = (tap: FakeTap, kind: 'start' | 'stop' | 'error', reason: string) => void;

export type FakeTapState = 'opening' | 'running' | 'stopping' | 'ended';

/** The module says INV and BYE once: longer than any scenario takes. */
const NEVER_AGAIN_MS = 60_000;

/** One media bug of mod_rst, and what it sends. */
export class FakeTap {
  /** The UUID on the wire: the channel's when the tap began. */
  readonly uuid: string;
  readonly target: TapTarget | null;
  readonly startedBy: TapStarter;
  readonly fault: TapFault;
  state: FakeTapState = 'opening';
  readonly #channel: FakeChannel;
  readonly #media: TapMedia;
  readonly #form: 'old' | 'ports';
  readonly #onChange: () => void;
  readonly #say: TapWords;
  #call: TapCall | undefined;
  #sockets: TapSockets | undefined;
  #starting: Promise<void> | undefined;
  #wish: 'run' | 'bye' = 'run';

  constructor(
    channel: FakeChannel,
    target: TapTarget | null,
    startedBy: TapStarter,
    fault: TapFault,
    media: TapMedia,
    form: 'old' | 'ports',
    onChange: () => void,
    say: TapWords = () => {},
  ) {
    this.#channel = channel;
    this.uuid = channel.uuid;
    this.target = target;
    this.startedBy = startedBy;
    this.fault = fault;
    this.#media = media;
    this.#form = form;
    this.#onChange = onChange;
    this.#say = say;
  }

  /** Never rejects: a tap that cannot send just ends, as in the module. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Says BYE, and is over once that is answered. */
  stop(): void {
    this.#channel.taps.delete(this);
    this.#wish = 'bye';
    this.#follow();
  }

  /** Is gone without a word, as in a process that was killed. Resolves when its sockets are. */
  async close(): Promise<void> {
    await this.#end();
    await this.#starting;
    await this.#sockets?.close();
  }

  async #start(): Promise<void> {
    if (!this.target || this.fault === 'send-nothing') {
      this.state = 'running';
      this.#onChange();
      return;
    }
    try {
      await this.#open({ address: this.target.host, family: 4, port: this.target.port });
    } catch {
      await this.#end();
    }
  }

  async #open(target: { address: string; family: 4; port: number }): Promise<void> {
    const { pacer } = this.#media;
    const sockets = await TapSockets.open(target, this.#form, (datagram) => {
      const message = parseControl(datagram);
      const call = this.#call;
      if (!call || message.kind === 'malformed') return;
      call.receive(message, pacer.nowMs());
      pacer.wake(call.dueMs);
    });
    this.#sockets = sockets;
    const legs = await this.#media.legs(this.uuid, sockets, () => this.#channel.state === 'held');
    if (this.state === 'ended') return sockets.close();
    const { seq = false, retryMs } = this.#media.options;
    const { callerNumber, destination, direction } = this.#channel.profile;
    const plan = {
      uuid: this.uuid,
      // CALLER comes from the channel name: a leg that was called has the same for both.
      caller: direction === 'inbound' ? callerNumber : destination,
      callee: destination,
      lengthMs: Number.POSITIVE_INFINITY,
      extension: seq ? { seq, ptimeMs: this.#media.ptimeMs, rateHz: 8000, box: null } : null,
      dropInv: this.fault === 'lose-inv',
      dropBye: false,
      retryMs: retryMs ?? (this.#form === 'old' ? NEVER_AGAIN_MS : 500),
    };
    this.#call = new TapCall(plan, sockets, legs, pacer.nowMs(), (state) => {
      this.#report(state);
      if (state === 'ended') this.#endSoon();
    });
    this.state = 'running';
    pacer.add(this.#call);
    this.#onChange();
    this.#follow();
  }

  #report(state: TapState): void {
    const summary = this.#call?.summary();
    if (state === 'sending') {
      if (this.fault === 'lose-inv') this.#say(this, 'error', 'the server has not answered');
      else this.#say(this, 'start', 'the server has answered');
    }
    if (state !== 'ended') return;
    const isUnanswered = summary?.outcome === 'no-ack';
    if (isUnanswered) this.#say(this, 'error', 'the server has not answered');
    const how = this.#channel.isUp ? 'stopped' : 'hangup';
    this.#say(
      this,
      'stop',
      isUnanswered ? 'no-ack' : summary?.endedBy === 'server' ? 'server' : how,
    );
  }

  #follow(): void {
    const call = this.#call;
    if (this.#wish !== 'bye' || this.state !== 'running') return;
    if (!call) this.#endSoon();
    else {
      this.state = 'stopping';
      this.#onChange();
      const { pacer } = this.#media;
      // INV first: a call that ends before its first turn has one all the same.
      if (call.dueMs <= pacer.nowMs()) call.advance(pacer.nowMs());
      call.stop(pacer.nowMs());
      pacer.wake(call.dueMs);
    }
  }

  #endSoon(): void {
    this.#end().catch(() => {});
  }

  async #end(): Promise<void> {
    if (this.state !== 'ended') {
      this.state = 'ended';
      this.#channel.taps.delete(this);
      if (this.#call) this.#media.pacer.remove(this.#call);
      this.#onChange();
    }
    await this.#sockets?.close();
  }
}
