import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CallRegistry, Channels } from './call/index.ts';
import { AllowList, ControlSocket, monotonicFrom, WorkerPool } from './capture/index.ts';
import { type Config, formatSize } from './config/index.ts';
import { errorText, RstError, systemCode } from './errors.ts';
import { Filing } from './filing.ts';
import type { Log } from './log.ts';
import { expandName } from './recording/index.ts';

export interface DaemonOptions {
  config: Config;
  log: Log;
}

/** Composes the parts: starts them in order, stops them in reverse. */
export class Daemon {
  readonly #config: Config;
  readonly #log: Log;
  readonly #control: ControlSocket;
  readonly #calls: CallRegistry;
  readonly #pool: WorkerPool;
  #closed: Promise<void> | null = null;

  constructor({ config, log }: DaemonOptions) {
    this.#config = config;
    this.#log = log;
    const { calls, media, records, server, daemon } = config;
    const allow = new AllowList(server.allow);
    const clockOrigin = process.hrtime.bigint();
    const now = monotonicFrom(clockOrigin);
    const { dir, timezone, formats, wavCodec, hex, sync, flushIntervalMs } = records;
    const filing = new Filing({ node: daemon.node, dir, timezone });
    // Calls and capture know each other by these two callbacks only.
    const control = new ControlSocket(
      {
        inv: (...args) => registry.inv(...args),
        bye: (...args) => registry.bye(...args),
        data: (...args) => registry.data(...args),
        malformed: (...args) => registry.malformed(...args),
        refused: (...args) => registry.refused(...args),
      },
      now,
      allow,
    );
    const pool = new WorkerPool(
      {
        ports: media.ports,
        workers: media.workers,
        setup: {
          clockOrigin,
          host: server.host,
          portRestMs: media.portRestMs,
          flushIntervalMs,
          l16Rate: media.l16RateHz,
          sourceLock: media.sourceLock,
          recording: { dir, formats, wavCodec, hex, sync },
        },
      },
      {
        activity: (...args) => registry.activity(...args),
        finished: (...args) => registry.finished(...args),
        workerDied: (...args) => registry.workerDied(...args),
        lost: (...args) => registry.lost(...args),
        bindFailed: (...args) => registry.bindFailed(...args),
        strays: (...args) => registry.strays(...args),
        duplicates: (...args) => registry.duplicates(...args),
        resumed: (...args) => registry.resumed(...args),
        dropped: (...args) => registry.dropped(...args),
      },
    );
    const registry = new CallRegistry({
      pool,
      channels: new Channels(),
      began: () => {},
      send: (message, to, isPaid) => control.send(message, to, isPaid),
      limits: calls,
      sourceLock: media.sourceLock,
      allow,
      nameOf: ({ box, direction, ...facts }) =>
        expandName(
          records.name,
          { ...facts, node: daemon.node, box: box ?? '', direction: direction ?? '' },
          timezone,
        ),
      now,
      archive: (ended) => filing.file(ended),
      archiveUntapped: (call) => filing.fileUntapped(call),
      log,
    });
    this.#control = control;
    this.#pool = pool;
    this.#calls = registry;
  }

  /** `host:port` of the control port, once it listens. */
  get controlAddress(): { address: string; port: number } {
    return this.#control.address;
  }

  get liveCalls(): number {
    return this.#calls.liveCalls;
  }

  /**
   * Resolves when calls are taken. Throws `RST_NOT_WRITABLE`, `RST_PORT_IN_USE` or `RST_ADDRESS` with
   * nothing left listening; an abort of `signal` ends the start early and closes what was opened.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { records, server } = this.#config;
    try {
      await assertWritable(records.dir);
      signal?.throwIfAborted();
      const gotBytes = await this.#control.start(
        server.host,
        server.port,
        server.receiveBufferBytes,
      );
      this.#warnOfSmallBuffer(gotBytes);
      this.#pool.start();
      this.#calls.start();
      await this.#pool.ready();
      signal?.throwIfAborted();
    } catch (error) {
      await this.close('failed');
      throw error;
    }
    const { address, port } = this.#control.address;
    this.#log.info(
      {
        control: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
        mediaPorts: `${this.#config.media.ports.first}-${this.#config.media.ports.last}`,
        workers: this.#pool.size,
        receiver: 'dgram',
        records: records.dir,
        formats: records.formats,
      },
      'listening',
    );
    const { allow } = this.#config.server;
    this.#log.info(
      { allow },
      `taps may send from ${allow.join(', ')}; add further FreeSWITCH machines to server.allow`,
    );
  }

  /** Ends every call, makes its recording final and lets go of everything. Idempotent. */
  close(reason: 'shutdown' | 'failed'): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('shutdown');
  }

  async #close(reason: 'shutdown' | 'failed'): Promise<void> {
    const failures: unknown[] = [];
    for (const step of [
      () => this.#calls.close(),
      () => this.#pool.stop(),
      async () => this.#calls.reportDrops(),
      () => this.#control.close(),
    ])
      await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    if (reason === 'shutdown') this.#log.info('stopped');
  }

  #warnOfSmallBuffer(gotBytes: number): void {
    const wantedBytes = this.#config.server.receiveBufferBytes;
    if (gotBytes >= wantedBytes) return;
    this.#log.warn(
      { gotBytes, wantedBytes },
      `the control port's receive buffer is ${formatSize(gotBytes)}, not server.receive_buffer = ${formatSize(wantedBytes)}: taps without ports of their own may lose packets under load; allow more with "sysctl -w net.core.rmem_max=${wantedBytes}"`,
    );
  }
}

/** Creates the recordings folder where it is missing and proves that a file can be made in it. */
async function assertWritable(dir: string): Promise<void> {
  const probe = join(dir, `.rst-server-${process.pid}`);
  try {
    await mkdir(dir, { recursive: true, mode: 0o750 });
    await access(dir, constants.W_OK | constants.X_OK);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new RstError(
      'RST_NOT_WRITABLE',
      `records.dir ${dir} can't be written to (${systemCode(error) ?? errorText(error)}); give this user the right to, or choose another folder`,
      { cause: error },
    );
  }
}
