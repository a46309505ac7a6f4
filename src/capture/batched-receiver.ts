import { type BoundUdp, bindUdp } from './bind-udp.ts';
import { DrainLoop } from './drain-loop.ts';
import { KernelClock, type WallTime } from './kernel-clock.ts';
import { type Libc, loadLibc } from './libc.ts';
import { BATCH_SIZE, MessageBatch, NAME_WORDS } from './mmsghdr.ts';
import { OpenDescriptors } from './open-descriptors.ts';
import { Datagram, type LegSocket, type OnDatagram, type Receiver } from './receiver.ts';
import { SenderAddress } from './sender-address.ts';

const CLOCK_REALTIME = 0;
const MSG_DONTWAIT = 0x40;

/** What all sockets of a receiver share. */
interface Shared {
  libc: Libc;
  batch: MessageBatch;
  clock: KernelClock;
  datagram: Datagram;
}

/**
 * Receives with `recvmmsg`: all sockets at every tick, and of each all that has come, with the times at
 * which the kernel took it. Linux only; see `chooseReceiver`.
 */
export class BatchedReceiver implements Receiver {
  readonly #now: () => number;
  readonly #shared: Shared;
  readonly #loop: DrainLoop;
  readonly #descriptors: OpenDescriptors;

  /** Throws where koffi can't be loaded. */
  constructor(now: () => number, descriptors = new OpenDescriptors(), tickMs?: number) {
    const libc = loadLibc();
    const clock = new KernelClock(now, wallClockOf(libc));
    this.#now = now;
    this.#shared = { libc, batch: new MessageBatch(libc), clock, datagram: new Datagram() };
    this.#loop = new DrainLoop(now, () => clock.compare(), tickMs);
    this.#descriptors = descriptors;
  }

  async bind(host: string, port: number, onDatagram: OnDatagram): Promise<LegSocket> {
    const bound = await bindUdp(this.#shared.libc, host, port);
    this.#descriptors.opened(bound.port, bound.fd);
    return this.#open(bound, onDatagram, () => this.#descriptors.closing(bound.port));
  }

  /** Reads a socket that somebody else has bound, and closes it in the end. */
  adopt(bound: BoundUdp, onDatagram: OnDatagram): LegSocket {
    return this.#open(bound, onDatagram, () => {});
  }

  #open({ fd, port }: BoundUdp, onDatagram: OnDatagram, beforeClose: () => void): LegSocket {
    const socket = new BatchedSocket(this.#shared, fd, this.#now(), onDatagram);
    this.#loop.add(socket);
    let closed: Promise<void> | null = null;
    return {
      port,
      drain: () => {
        this.#loop.readNow(socket);
        return Promise.resolve();
      },
      listenUntil: (untilNs) => this.#loop.listen(socket, untilNs),
      close: () => {
        if (closed !== null) return closed;
        closed = Promise.resolve();
        socket.isClosed = true;
        this.#loop.closed();
        beforeClose();
        this.#shared.libc.close(fd);
        return closed;
      },
    };
  }

  /** Hands on what a socket of somebody else holds now, which that one reads from then on. */
  readOnce({ fd }: BoundUdp, onDatagram: OnDatagram): void {
    const socket = new BatchedSocket(this.#shared, fd, this.#now(), onDatagram);
    while (!this.#loop.readNow(socket));
  }

  close(): void {
    this.#loop.close();
  }
}

/** One socket, and what is known of it between two batches. */
class BatchedSocket {
  isClosed = false;
  quietPasses = 0;
  listenedUntilNs = 0;
  readonly #shared: Shared;
  readonly #fd: number;
  readonly #onDatagram: OnDatagram;
  readonly #sender: SenderAddress;
  /** It held nothing that was not read then. */
  #emptyNs: number;
  #overflows = 0;

  constructor(shared: Shared, fd: number, nowNs: number, onDatagram: OnDatagram) {
    this.#shared = shared;
    this.#fd = fd;
    this.#emptyNs = nowNs;
    this.#onDatagram = onDatagram;
    this.#sender = new SenderAddress(shared.libc);
  }

  readBatch(): boolean {
    const { libc, batch, clock } = this.#shared;
    const beforeNs = clock.comparedNs;
    // A failure (-1) is that nothing is there, or a signal: the next pass will see.
    const count = libc.recvmmsg(this.#fd, batch.address, BATCH_SIZE, MSG_DONTWAIT, 0);
    if (count > 0) this.#handOn(count);
    else this.quietPasses++;
    const isEmpty = count < BATCH_SIZE;
    if (isEmpty) this.#emptyNs = beforeNs;
    return isEmpty;
  }

  #handOn(count: number): void {
    const { batch, clock, datagram } = this.#shared;
    this.quietPasses = 0;
    datagram.batch++;
    for (let i = 0; i < count && !this.isClosed; i++) {
      batch.readControl(i);
      datagram.arrivalNs =
        batch.stampSeconds < 0
          ? clock.unstampedNs(this.#emptyNs)
          : clock.arrivalNs(batch.stampSeconds, batch.stampNanoseconds, this.#emptyNs);
      datagram.lagNs = clock.lagNs;
      datagram.overflows = this.#newOverflows(batch.overflows);
      this.#sender.read(batch.names, i * NAME_WORDS);
      datagram.address = this.#sender.address;
      datagram.port = this.#sender.port;
      datagram.bytes = batch.slots[i] as Uint8Array;
      datagram.sizeBytes = batch.sizeBytes(i);
      datagram.index = i;
      datagram.isLastOfBatch = i + 1 === count;
      this.#onDatagram(datagram);
    }
    batch.reset(count);
  }

  /** The kernel counts in 32 bits, and says nothing as long as that is 0. */
  #newOverflows(overflows: number): number {
    const news = (overflows - this.#overflows) >>> 0;
    this.#overflows = overflows;
    return news;
  }
}

function wallClockOf(libc: Libc): (time: WallTime) => void {
  const bytes = new Uint8Array(16);
  const words = new Uint32Array(bytes.buffer);
  return (time) => {
    libc.clock_gettime(CLOCK_REALTIME, bytes);
    time.seconds = (words[0] as number) + (words[1] as number) * 2 ** 32;
    time.nanoseconds = words[2] as number;
  };
}
