/** What a `DrainLoop` goes over. */
export interface Drained {
  /** Reads one batch; true where the kernel had no more. Not called again after `isClosed`. */
  readBatch(): boolean;
  readonly isClosed: boolean;
  /** Passes since something came. */
  quietPasses: number;
  /** Somebody listens until then, on the loop's clock. */
  listenedUntilNs: number;
}

/** The fewer passes, the more each of them finds: a pass costs a system call for each socket. */
export const TICK_MS = 100;
/** Of the sockets that somebody listens to. */
export const LISTENED_TICK_MS = 20;
/** Commands to the worker wait no longer than this for a pass, and one batch. */
const SLICE_NS = 2e6;
/** More batches than a socket's receive buffer can hold: one that is flooded keeps the others waiting no longer. */
const MAX_BATCHES = 32;
/** Where nothing has come for so many passes, only each fifth pass looks. */
const QUIET_PASSES = 10;
const QUIET_EVERY = 5;

/**
 * Goes over all sockets of a thread at every tick, over those that are listened to more often, and gives
 * way to what else the thread has to do where that takes long. Datagrams lose nothing by waiting: the
 * kernel keeps them, with the time they came.
 */
export class DrainLoop {
  readonly #now: () => number;
  readonly #tickMs: number;
  /** Before each stretch of work. */
  readonly #onSlice: () => void;
  #sockets: Drained[] = [];
  #timer: NodeJS.Timeout | null = null;
  #listened: Drained[] = [];
  #listenTimer: NodeJS.Timeout | null = null;
  #state: 'resting' | 'passing' | 'closed' = 'resting';
  #passes = 0;
  /** What the pass goes over, and how far it is. */
  #pass: readonly Drained[] = [];
  #next = 0;
  #batches = 0;
  #hasClosed = false;

  constructor(now: () => number, onSlice: () => void, tickMs = TICK_MS) {
    this.#now = now;
    this.#onSlice = onSlice;
    this.#tickMs = tickMs;
  }

  add(socket: Drained): void {
    if (this.#state === 'closed') return;
    this.#sockets.push(socket);
    this.#timer ??= setInterval(() => {
      if (this.#state === 'resting') this.#begin(this.#sockets);
    }, this.#tickMs);
  }

  /** From now until then, on the loop's clock, what comes to the socket waits no longer than a short tick. */
  listen(socket: Drained, untilNs: number): void {
    const isListed = socket.listenedUntilNs > 0;
    socket.listenedUntilNs = untilNs;
    if (isListed || this.#state === 'closed') return;
    this.#listened.push(socket);
    this.#listenTimer ??= setInterval(() => this.#beginListened(), LISTENED_TICK_MS);
  }

  /** Reads all that the kernel holds for a socket and returns true, or much of it where it is flooded. */
  readNow(socket: Drained): boolean {
    this.#onSlice();
    for (let i = 0; i < MAX_BATCHES && !socket.isClosed; i++) if (socket.readBatch()) return true;
    return socket.isClosed;
  }

  /** A socket has been closed. */
  closed(): void {
    this.#hasClosed = true;
  }

  /** What is left is read no more. */
  close(): void {
    this.#state = 'closed';
    for (const timer of [this.#timer, this.#listenTimer]) if (timer !== null) clearInterval(timer);
    this.#sockets = [];
    this.#pass = [];
  }

  #beginListened(): void {
    if (this.#state !== 'resting') return;
    const nowNs = this.#now();
    this.#listened = this.#listened.filter((socket) => {
      const isListened = socket.listenedUntilNs > nowNs && !socket.isClosed;
      if (!isListened) socket.listenedUntilNs = 0;
      return isListened;
    });
    if (this.#listened.length > 0) return this.#begin(this.#listened);
    if (this.#listenTimer !== null) clearInterval(this.#listenTimer);
    this.#listenTimer = null;
  }

  #begin(sockets: readonly Drained[]): void {
    this.#state = 'passing';
    this.#pass = sockets;
    if (sockets === this.#sockets) this.#passes++;
    this.#next = 0;
    this.#batches = 0;
    this.#slice();
  }

  #slice(): void {
    if (this.#state === 'closed') return;
    this.#onSlice();
    const untilNs = this.#now() + SLICE_NS;
    while (this.#next < this.#pass.length) {
      if (this.#now() > untilNs) {
        setImmediate(() => this.#slice());
        return;
      }
      this.#step(this.#pass[this.#next] as Drained);
    }
    this.#end();
  }

  #step(socket: Drained): void {
    const isRead = socket.isClosed || this.#isPassedOver(socket) || socket.readBatch();
    if (!isRead && ++this.#batches < MAX_BATCHES) return;
    this.#next++;
    this.#batches = 0;
  }

  /** What is listened to never is. */
  #isPassedOver({ quietPasses }: Drained): boolean {
    if (quietPasses <= QUIET_PASSES || this.#pass !== this.#sockets) return false;
    return this.#passes % QUIET_EVERY !== 0;
  }

  #end(): void {
    if (this.#state === 'closed') return;
    if (this.#hasClosed) this.#sockets = this.#sockets.filter(({ isClosed }) => !isClosed);
    this.#hasClosed = false;
    this.#state = 'resting';
  }
}
