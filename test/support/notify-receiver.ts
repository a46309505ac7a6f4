import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { openUnixDatagrams, unixAddress } from '../../src/service/unix-datagrams.ts';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const MAX_BYTES = 4096;

/** The socket of a service manager, and what it was told. */
export class NotifyReceiver implements AsyncDisposable {
  readonly messages: string[] = [];
  readonly address: string;
  readonly #fd: number;
  readonly #lib = (createRequire(import.meta.url)('koffi') as typeof import('koffi')).load(null);
  readonly #reading: Promise<void>;
  #waiters: (() => void)[] = [];
  #isClosed = false;

  constructor(address: string) {
    this.address = address;
    const name = unixAddress(address);
    this.#fd = this.#lib.func('int socket(int, int, int)')(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    const bind = this.#lib.func('int bind(int, void *, uint32_t)');
    if (bind(this.#fd, name, name.length) === -1) throw new Error(`${address} can't be bound`);
    this.#reading = this.#read();
  }

  /** The first message, of those that come or have come since `from`, with this in it. */
  async told(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.messages.slice(from).find((message) => pattern.test(message));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const own = openUnixDatagrams(this.address);
    own.send('closed');
    own.close();
    await this.#reading;
    this.#lib.func('int close(int)')(this.#fd);
  }

  async #read(): Promise<void> {
    const recv = this.#lib.func('intptr_t recv(int, _Out_ void *, size_t, int)');
    const receive = promisify(recv.async) as (...args: unknown[]) => Promise<unknown>;
    const bytes = Buffer.alloc(MAX_BYTES);
    while (!this.#isClosed) {
      const sizeBytes = Number(await receive(this.#fd, bytes, MAX_BYTES, 0));
      this.messages.push(bytes.toString('utf8', 0, sizeBytes));
      for (const wake of this.#waiters.splice(0)) wake();
    }
  }
}
