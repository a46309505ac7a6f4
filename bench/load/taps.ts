import { bindUdp } from '../../src/capture/bind-udp.ts';
import { loadLibc } from '../../src/capture/libc.ts';
import { formatControl, type PortPair } from '../../src/protocol/index.ts';
import { type ExchangeFigures, exchangeAll, type Request } from './exchange.ts';
import { legNumber, uuidOfCall } from './packet-mark.ts';
import { type Posix, socketAddress } from './posix.ts';

/** Where calls come from. */
const HOST = '127.0.0.1';

export interface TapOptions {
  host: string;
  /** The control port. */
  port: number;
  calls: number;
  /** One socket per call, DATA to the control port. */
  isOldForm: boolean;
  /** So many INVs are unanswered at a time, at most. */
  atOnce: number;
}

/** The generator's sockets, and the calls that they stand for. */
export class Taps {
  /** The socket that each leg's packets leave from, by leg. */
  readonly fds: Int32Array;
  /** How many calls wanted ports and got none: they send to the control port. */
  portless = 0;
  readonly #posix: Posix;
  readonly #options: TapOptions;
  /** By call; null where the form is the old one. */
  readonly #ports: (PortPair | null)[] = [];
  /** Where INV and BYE of a call leave from. */
  readonly #controls: number[] = [];

  constructor(posix: Posix, options: TapOptions) {
    this.#posix = posix;
    this.#options = options;
    this.fds = new Int32Array(2 * options.calls);
  }

  /** Makes the sockets. */
  async bind(): Promise<void> {
    const { calls, isOldForm, port } = this.#options;
    const libc = loadLibc();
    const open = () => bindUdp(libc, HOST, 0);
    const common = isOldForm ? null : (await open()).fd;
    if (common !== null) this.#connect(common, port);
    for (let call = 0; call < calls; call++) {
      const read = await open();
      const write = isOldForm ? read : await open();
      this.fds[legNumber(call, 'R')] = read.fd;
      this.fds[legNumber(call, 'W')] = write.fd;
      if (isOldForm) this.#connect(read.fd, port);
      this.#controls.push(common ?? read.fd);
      this.#ports.push(isOldForm ? null : { readPort: read.port, writePort: write.port });
    }
  }

  /** Throws where a call gets no ACK. */
  invite(): ExchangeFigures {
    const calls = new Map<string, number>();
    const requests = this.#requests((uuid, call) => {
      calls.set(uuid, call);
      const ports = this.#ports[call] as PortPair | null;
      return formatControl({ kind: 'inv', uuid, caller: '1000', callee: '2000', ports });
    });
    return exchangeAll(this.#posix, requests, this.#options.atOnce, ({ uuid, ports }) => {
      if (this.#options.isOldForm) return;
      if (ports === null) this.portless++;
      const call = calls.get(uuid) as number;
      const { port } = this.#options;
      this.#connect(this.fds[legNumber(call, 'R')] as number, ports?.readPort ?? port);
      this.#connect(this.fds[legNumber(call, 'W')] as number, ports?.writePort ?? port);
    });
  }

  bye(): ExchangeFigures {
    const requests = this.#requests((uuid) => formatControl({ kind: 'bye', uuid }));
    return exchangeAll(this.#posix, requests, this.#options.atOnce, () => {});
  }

  #requests(datagramOf: (uuid: string, call: number) => Uint8Array): Request[] {
    return this.#controls.map((fd, call) => {
      const uuid = uuidOfCall(call);
      return { uuid, fd, datagram: datagramOf(uuid, call) };
    });
  }

  #connect(fd: number, port: number): void {
    const { host } = this.#options;
    const address = socketAddress(host, port);
    if (this.#posix.connect(fd, address, address.length) === -1)
      throw new Error(`connect ${host}:${port} failed`);
  }
}
