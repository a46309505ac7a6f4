import type { Socket } from 'node:net';

/**
 * The sending side of one connection. Bytes leave in the order in which they came, whatever a fault does
 * to them: whole, in chunks of which the other side reads each on its own, late, or not at all.
 */
export class Outlet {
  readonly #socket: Socket;
  readonly #chunkBytes: () => number;
  readonly #waiting: { bytes: Buffer; delayMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #state: 'open' | 'frozen' | 'ending' | 'closed' = 'open';

  /** `chunkBytes` is asked before each write; `Infinity` is no chunking. */
  constructor(socket: Socket, chunkBytes: () => number) {
    this.#socket = socket;
    this.#chunkBytes = chunkBytes;
  }

  send(bytes: Buffer, delayMs = 0): void {
    if (this.#state === 'closed' || this.#state === 'ending') return;
    this.#waiting.push({ bytes, delayMs });
    if (this.#waiting.length === 1) this.#next();
  }

  /** Writes nothing until `thaw`. */
  freeze(): void {
    if (this.#state !== 'open') return;
    this.#state = 'frozen';
    this.#stopClocks();
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'open';
    this.#next();
  }

  /** Ends the connection behind what is still waiting. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    if (this.#waiting.length === 0) this.#socket.destroySoon();
  }

  close(): void {
    this.#state = 'closed';
    this.#stopClocks();
    this.#waiting.length = 0;
  }

  #next(): void {
    for (;;) {
      const first = this.#waiting[0];
      if (!first || this.#state === 'frozen') break;
      if (first.delayMs > 0) {
        this.#timer = setTimeout(() => {
          first.delayMs = 0;
          this.#next();
        }, first.delayMs);
        return;
      }
      const size = this.#chunkBytes();
      if (size < first.bytes.length) {
        this.#socket.write(first.bytes.subarray(0, size));
        first.bytes = first.bytes.subarray(size);
        // A turn of the loop between two writes: else the kernel joins them again.
        this.#immediate = setImmediate(() => this.#next());
        return;
      }
      this.#socket.write(first.bytes);
      this.#waiting.shift();
    }
    if (this.#state === 'ending') this.#socket.destroySoon();
  }

  #stopClocks(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}
