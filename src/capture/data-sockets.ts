import { getSystemErrorName } from 'node:util';
import { BatchedReceiver } from './batched-receiver.ts';
import { type BoundUdp, bindUdp, share } from './bind-udp.ts';
import type { ControlHandlers, ControlIntake } from './control-intake.ts';
import type { Libc } from './libc.ts';
import type { Datagram, LegSocket } from './receiver.ts';
import { Sources } from './sources.ts';
import { DATA_SOCKETS, dataSocketOf, steer } from './steering.ts';

/** Shorter than that of the legs, which have a buffer each: here some sixteen of a thousand calls share one. */
const TICK_MS = 20;

/**
 * The sockets of a control port that take its DATA, read in batches. The kernel shares it out among them
 * by the call's UUID (`steer`). They are many because a process without rights gets but
 * `net.core.rmem_max` for each, which is 554 small packets by default.
 */
export class DataSockets {
  readonly #handlers: ControlHandlers;
  readonly #intake: ControlIntake;
  readonly #libc: Libc;
  readonly #receiver: BatchedReceiver;
  readonly #sources = new Sources();
  /** Of each buffer that datagrams come in, the part that the last one filled. */
  readonly #views = new Map<Uint8Array, Uint8Array>();
  readonly #sockets: LegSocket[] = [];
  readonly #overflows: number[] = [];
  #isHandingOn = false;
  /** What came before the kernel shared out; null from then on. */
  #early: Datagram[] | null = [];

  /** Throws where koffi can't be loaded. */
  constructor(now: () => number, handlers: ControlHandlers, intake: ControlIntake, libc: Libc) {
    this.#handlers = handlers;
    this.#intake = intake;
    this.#libc = libc;
    this.#receiver = new BatchedReceiver(now, undefined, TICK_MS);
  }

  get size(): number {
    return this.#sockets.length;
  }

  /**
   * Binds them to the port of `event`, which has it alone and keeps what is not DATA. They have
   * `receiveBufferBytes` together; resolves with what the kernel really keeps. Rejects where it does not
   * share out.
   */
  async open(event: BoundUdp, receiveBufferBytes: number): Promise<number> {
    const { address, port, fd } = event;
    const options = {
      isShared: true,
      receiveBufferBytes: Math.ceil(receiveBufferBytes / DATA_SOCKETS),
    };
    let bufferBytes = 0;
    share(this.#libc, fd);
    for (let i = 0; i < DATA_SOCKETS; i++) {
      const bound = await bindUdp(this.#libc, address, port, options);
      bufferBytes += bound.bufferBytes;
      this.#overflows.push(0);
      this.#sockets.push(this.#receiver.adopt(bound, (datagram) => this.#take(i, datagram)));
    }
    if (steer(this.#libc, fd)) {
      this.#handOnEarly(event);
      return bufferBytes;
    }
    const code = getSystemErrorName(-this.#libc.errno());
    throw new Error(`the kernel takes no program that tells DATA from INV and BYE (${code})`);
  }

  /** Packets lost, since the start, in the socket that takes those of this UUID. */
  overflowsBeside(uuid: string): number {
    return this.#overflows[dataSocketOf(uuid)] as number;
  }

  /** Hands on all that the kernel holds for the call of this UUID. */
  drainCall(uuid: string): void {
    // A BYE that came before the kernel shared out may be in the batch that is being read.
    if (!this.#isHandingOn) void this.#sockets[dataSocketOf(uuid)]?.drain();
  }

  /** Resolves once everything the kernel held when this was called has been handed on. */
  async drain(): Promise<void> {
    for (const socket of this.#sockets) {
      await socket.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The last of them first: the kernel puts it in the place of one that is gone. */
  close(): void {
    for (const socket of this.#sockets.toReversed()) void socket.close();
    this.#receiver.close();
  }

  /** Until now DATA of one call has come to one socket and another, and INV and BYE too: time tells the order. */
  #handOnEarly(event: BoundUdp): void {
    const early = this.#early ?? [];
    this.#receiver.readOnce(event, (datagram) => early.push(datagram.copy()));
    for (const socket of this.#sockets) void socket.drain();
    this.#early = null;
    early.sort((a, b) => a.arrivalNs - b.arrivalNs);
    for (const datagram of early) this.#handOn(datagram);
  }

  #take(index: number, datagram: Datagram): void {
    const { overflows } = datagram;
    if (overflows > 0) {
      this.#overflows[index] = (this.#overflows[index] as number) + overflows;
      this.#handlers.overflowed(overflows);
    }
    if (this.#early === null) this.#handOn(datagram);
    else this.#early.push(datagram.copy());
  }

  #handOn(datagram: Datagram): void {
    const { bytes, sizeBytes } = datagram;
    let view = this.#views.get(bytes);
    if (view?.length !== sizeBytes) {
      view = bytes.subarray(0, sizeBytes);
      this.#views.set(bytes, view);
    }
    const source = this.#sources.of(datagram.address, datagram.port);
    this.#isHandingOn = true;
    this.#intake.take(view, source, datagram.arrivalNs, datagram.lagNs);
    this.#isHandingOn = false;
  }
}
