/** One received datagram, good only during the call it is handed to; a receiver fills one object again and again. */
export class Datagram {
  bytes: Uint8Array = EMPTY;
  /** `bytes` may be longer than the datagram. */
  sizeBytes = 0;
  /** On the process's monotonic clock. */
  arrivalNs = 0;
  /** It may have arrived up to this much before `arrivalNs`: 0 where the kernel told, or the loop was on time. */
  lagNs = 0;
  /** The sender's address. */
  address = '';
  /** The sender's port. */
  port = 0;
  /** So many before it were lost because the socket's buffer was full, where the system tells. */
  overflows = 0;
  /** Which batch it is of. The bytes of all but its last one stay where they are until the next batch. */
  batch = 0;
  /** Its place in that. */
  index = 0;
  isLastOfBatch = true;
  /** The payloads that were asked for last, by place: most are where the one before was, and as long. */
  readonly #payloads: Uint8Array[] = [];

  /** What it holds from `start` on; good for as long as its bytes are. */
  payload(start: number): Uint8Array {
    const { bytes, sizeBytes } = this;
    const before = this.#payloads[this.index];
    if (
      before !== undefined &&
      before.length === sizeBytes - start &&
      before.byteOffset === bytes.byteOffset + start &&
      before.buffer === bytes.buffer
    )
      return before;
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + start, sizeBytes - start);
    this.#payloads[this.index] = payload;
    return payload;
  }

  /** One that is good for longer. */
  copy(): Datagram {
    // A Buffer's own slice() would be a view.
    const bytes = new Uint8Array(this.bytes.subarray(0, this.sizeBytes));
    return Object.assign(new Datagram(), this, { bytes, batch: 0, isLastOfBatch: true });
  }
}

const EMPTY = new Uint8Array(0);

export type OnDatagram = (datagram: Datagram) => void;

/** A bound leg socket. */
export interface LegSocket {
  readonly port: number;
  /** Resolves once everything the kernel held for it when this was called has been handed on. */
  drain(): Promise<void>;
  /** From now until then, on the process's monotonic clock, somebody listens: nothing waits longer than 20 ms. */
  listenUntil(untilNs: number): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** How a worker receives: one implementation per way the system offers. */
export interface Receiver {
  /** Binds `host:port`; rejects with the system's error. Datagrams go to `onDatagram` until the socket is closed. */
  bind(host: string, port: number, onDatagram: OnDatagram): Promise<LegSocket>;
  /** Lets go of what is not a socket. */
  close(): void;
}
