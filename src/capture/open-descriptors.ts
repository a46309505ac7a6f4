import type { Libc } from './libc.ts';

const PORTS = 65_536;

/**
 * The sockets that a worker has opened past node, in memory that outlives it: node closes none of them
 * when the worker dies, and its successor could bind none of their ports. By port: descriptor + 1, 0 where
 * there is none.
 */
export class OpenDescriptors {
  /** For the other thread. Takes memory only where it is written to. */
  readonly shared: SharedArrayBuffer;
  readonly #fds: Int32Array;

  constructor(shared = new SharedArrayBuffer(PORTS * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#fds = new Int32Array(shared);
  }

  opened(port: number, fd: number): void {
    Atomics.store(this.#fds, port, fd + 1);
  }

  /** Call it before the descriptor is closed: from then on it may be another's. */
  closing(port: number): void {
    Atomics.store(this.#fds, port, 0);
  }

  /** Closes what a thread that is gone has left open. */
  closeAll(libc: Libc): void {
    for (let port = 0; port < PORTS; port++) {
      const fd = Atomics.exchange(this.#fds, port, 0) - 1;
      if (fd >= 0) libc.close(fd);
    }
  }
}
