import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errorText } from '../errors.ts';
import type { Log } from '../log.ts';
import { openUnixDatagrams, type UnixDatagrams } from './unix-datagrams.ts';

/** What the service manager is told at once, see sd_notify(3): `{ READY: 1, STATUS: 'listening' }`. */
export type Notice = Readonly<Record<string, string | number>>;

/** A manager that is busy is tried again after so long, with the newest of what waits. */
const AGAIN_MS = 100;
const MAX_WAITING = 16;
const COMMAND_TIMEOUT_MS = 5000;

export interface NotifierOptions {
  /** `$NOTIFY_SOCKET` */
  address: string;
  log: Log;
  open?: (address: string) => UnixDatagrams;
}

/**
 * Tells the service manager how this process is. Where no datagram can be sent to it from here, the program
 * systemd-notify does it. What goes wrong is said once: no call depends on it.
 */
export class Notifier {
  readonly #log: Log;
  readonly #socket: UnixDatagrams | null;
  #waiting: string[] = [];
  #again: NodeJS.Timeout | null = null;
  #lastCommand: Promise<void> = Promise.resolve();
  #isSaid = false;
  #isClosed = false;

  constructor({ address, log, open = openUnixDatagrams }: NotifierOptions) {
    this.#log = log;
    let socket: UnixDatagrams | null = null;
    try {
      socket = open(address);
    } catch (error) {
      log.debug({ err: error }, 'systemd-notify tells the service manager how this server is');
    }
    this.#socket = socket;
  }

  tell(notice: Notice): void {
    if (this.#isClosed) return;
    const lines = Object.entries(notice).map(([name, value]) => `${name}=${oneLine(value)}`);
    if (this.#socket === null) this.#command(lines);
    else {
      this.#waiting.push(lines.join('\n'));
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
      this.#flush(this.#socket);
    }
  }

  /** Resolves when all that was told is on its way; nothing is from then on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#again !== null) clearTimeout(this.#again);
    await this.#lastCommand;
    this.#socket?.close();
  }

  #flush(socket: UnixDatagrams): void {
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
    try {
      while (this.#waiting[0] !== undefined) {
        if (socket.send(this.#waiting[0]) === 'full') {
          this.#again = setTimeout(() => this.#flush(socket), AGAIN_MS);
          return;
        }
        this.#waiting.shift();
      }
    } catch (error) {
      this.#waiting = [];
      this.#failed(error);
    }
  }

  /** One after the other, so that none overtakes the one before. */
  #command(lines: string[]): void {
    const options = { timeout: COMMAND_TIMEOUT_MS };
    this.#lastCommand = this.#lastCommand
      .then(() => promisify(execFile)('systemd-notify', lines, options))
      .then(
        () => {},
        (error: unknown) => this.#failed(error),
      );
  }

  #failed(error: unknown): void {
    if (!this.#isSaid)
      this.#log.warn(
        `the service manager can't be told how this server is (${errorText(error).split('\n', 1)[0]}); where it waits for that it will end the server: install the package koffi or the program systemd-notify, or use Type=exec without WatchdogSec`,
      );
    this.#isSaid = true;
  }
}

/** A further line would be a further assignment. */
function oneLine(value: string | number): string {
  return String(value).replace(/[\r\n]+/g, ' ');
}
