import type { Log } from '../log.ts';
import { type Notice, Notifier } from './notifier.ts';

/** What runs as a service: the daemon, or whatever stands for it in a test. */
export interface Supervised {
  start(signal?: AbortSignal): Promise<void>;
  reload(): Promise<string[]>;
  close(reason: 'shutdown' | 'failed'): Promise<void>;
  /** What it is doing, for `systemctl status`. */
  readonly statusText: string;
  /** Resolves once every capture worker has answered; one that hangs keeps it from doing so. */
  workersAnswer(): Promise<void>;
}

export interface SystemdServiceOptions {
  log: Log;
  /** What closing may take, ms. */
  shutdownTimeoutMs: number;
  /** Default: the process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
  notifier?: Pick<Notifier, 'tell' | 'close'>;
}

/** How often it says what it is doing, where that has changed. */
const STATUS_MS = 15_000;
/** The process ends by itself when `shutdownTimeoutMs` is over; so much later it may be killed. */
const SPARE_MS = 5_000;

/**
 * A daemon as systemd wants it (Type=notify): it says when it listens, reloads and stops. The watchdog
 * hears of it as long as the event loop of this thread turns and every capture worker answers.
 */
export class SystemdService {
  readonly #daemon: Supervised;
  readonly #notifier: Pick<Notifier, 'tell' | 'close'>;
  readonly #watchdogMs: number | null;
  readonly #shutdownTimeoutMs: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #said = '';
  #watch: 'resting' | 'asking' = 'resting';
  #closed: Promise<void> | null = null;

  /** Null where no service manager wants to hear of this process. */
  static of(daemon: Supervised, options: SystemdServiceOptions): SystemdService | null {
    const { env = process.env } = options;
    return env.NOTIFY_SOCKET ? new SystemdService(daemon, options) : null;
  }

  constructor(daemon: Supervised, options: SystemdServiceOptions) {
    const { log, env = process.env, shutdownTimeoutMs } = options;
    this.#daemon = daemon;
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
    this.#notifier = options.notifier ?? new Notifier({ address: env.NOTIFY_SOCKET ?? '', log });
    this.#watchdogMs = watchdogMsOf(env);
  }

  /** Starts the daemon and says that it is ready; rejects as that does. */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#daemon.start(signal);
    if (this.#closed !== null) return;
    this.#tell({ READY: 1 });
    this.#every(STATUS_MS, () => {
      if (this.#daemon.statusText !== this.#said) this.#tell({});
    });
    if (this.#watchdogMs === null) return;
    // Half of what it may take, as sd_watchdog_enabled(3) has it.
    this.#every(this.#watchdogMs / 2, () => this.#feedWatchdog());
    this.#feedWatchdog();
  }

  async reload(): Promise<string[]> {
    // So that systemd can tell this from what was said before its own signal, in the clock of its own.
    const monotonicUs = process.hrtime.bigint() / 1000n;
    this.#tell({ RELOADING: 1, MONOTONIC_USEC: String(monotonicUs) });
    try {
      return await this.#daemon.reload();
    } finally {
      this.#tell({ READY: 1 });
    }
  }

  /** Idempotent. */
  close(reason: 'shutdown' | 'failed'): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: 'shutdown' | 'failed'): Promise<void> {
    this.#notifier.tell({
      STOPPING: 1,
      STATUS: 'making the recordings final',
      EXTEND_TIMEOUT_USEC: (this.#shutdownTimeoutMs + SPARE_MS) * 1000,
    });
    try {
      await this.#daemon.close(reason);
    } finally {
      for (const timer of this.#timers) clearInterval(timer);
      await this.#notifier.close();
    }
  }

  #tell(notice: Notice): void {
    if (this.#closed !== null) return;
    this.#said = this.#daemon.statusText;
    this.#notifier.tell({ ...notice, STATUS: this.#said });
  }

  #every(ms: number, task: () => void): void {
    this.#timers.push(setInterval(task, ms));
  }

  /** Asks the workers; the watchdog hears of it when the last one has answered. */
  #feedWatchdog(): void {
    if (this.#watch === 'asking') return;
    this.#watch = 'asking';
    void this.#daemon.workersAnswer().then(() => {
      this.#watch = 'resting';
      this.#notifier.tell({ WATCHDOG: 1 });
    });
  }
}

/** Null where the watchdog is off, or another process's. */
function watchdogMsOf(env: Readonly<Record<string, string | undefined>>): number | null {
  const us = Number(env.WATCHDOG_USEC);
  const isOurs = !env.WATCHDOG_PID || Number(env.WATCHDOG_PID) === process.pid;
  return isOurs && Number.isSafeInteger(us) && us > 0 ? us / 1000 : null;
}
