import { findRecords, Recovery } from './archive/index.ts';
import { DaemonBackend } from './backend.ts';
import { CallRegistry, Channels, TapNotes } from './call/index.ts';
import {
  AllowList,
  type ChosenReceiver,
  type ControlReading,
  ControlSocket,
  chooseReceiver,
  monotonicFrom,
  Peers,
  WorkerPool,
} from './capture/index.ts';
import {
  type Config,
  changesForNextStart,
  type LoadedConfig,
  socketPath,
  takeUp,
} from './config/index.ts';
import { RstError } from './errors.ts';
import { Controller, type ControllerSettings } from './esl/index.ts';
import { Filing } from './filing.ts';
import { Folders } from './folders.ts';
import { AdminSocket } from './http/index.ts';
import { type Log, setLevel } from './log.ts';
import { Disks, expandName } from './recording/index.ts';
import {
  CallCounts,
  descriptorShortage,
  HealthProbe,
  MinuteLine,
  ownDescriptorRoom,
  warnOfReading,
} from './service/index.ts';

/** How long a shutdown waits for a disk that fails, of the time it has. */
const MAX_PATIENCE_MS = 10_000;
const PATIENCE_SHARE = 1 / 2;

export interface DaemonOptions {
  config: Config;
  log: Log;
  /** Reads the configuration again; throws `RST_CONFIG`. Without it there is no reload. */
  load?: () => LoadedConfig;
}

/** Composes the parts: starts them in order, stops them in reverse. */
export class Daemon {
  readonly #load: (() => LoadedConfig) | undefined;
  readonly #log: Log;
  readonly #control: ControlSocket;
  readonly #calls: CallRegistry;
  readonly #pool: WorkerPool;
  readonly #now: () => number;
  readonly #controller: Controller;
  readonly #admin: AdminSocket;
  readonly #recovery: Recovery;
  readonly #notes: TapNotes;
  readonly #folders: Folders;
  /** As the main thread writes to them. */
  readonly #disks: Disks;
  readonly #minutes: MinuteLine;
  /** What it goes by: as it was started, and what it has taken up since. */
  #config: Config;
  #closed: Promise<void> | null = null;

  constructor({ config, log, load }: DaemonOptions) {
    this.#config = config;
    this.#load = load;
    this.#log = log;
    const { calls, media, records, server, daemon } = config;
    const allow = new AllowList(server.allow);
    const peers = new Peers(allow, server.rates);
    const clockOrigin = process.hrtime.bigint();
    const now = monotonicFrom(clockOrigin);
    const { dir, timezone, formats, wavCodec, hex, sync, flushIntervalMs } = records;
    const { fallbackDir, maxBufferBytes, minFree } = records;
    const folders = new Folders({ dir, fallbackDir, minFree, log });
    const disks = new Disks(dir, fallbackDir, (report) => folders.report(report));
    const left = (journal: string) => this.#recovery.add(journal);
    const isSynced = sync !== 'none';
    const filing = new Filing({ node: daemon.node, dir, timezone, isSynced, left }, disks);
    const counts = new CallCounts();
    // Calls and capture know each other by these two callbacks only.
    const control = new ControlSocket(
      {
        inv: (...args) => registry.inv(...args),
        bye: (...args) => registry.bye(...args),
        data: (...args) => registry.data(...args),
        malformed: (...args) => registry.malformed(...args),
        limited: (...args) => registry.limited(...args),
        refused: (...args) => registry.refused(...args),
        overflowed: (...args) => registry.overflowed(...args),
      },
      now,
      peers,
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
          maxBufferBytes,
          fallbackDir,
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
        disk: (report) => folders.report(report),
      },
    );
    const channels = new Channels();
    const notes = new TapNotes(dir, daemon.node, log);
    const registry = new CallRegistry({
      notes,
      node: daemon.node,
      pool,
      channels,
      began: (uuid) => {
        counts.addBegun();
        controller.began(uuid);
      },
      send: (message, to, isPaid) => control.send(message, to, isPaid),
      catchUp: (uuid) => control.catchUp(uuid),
      overflowsBeside: (uuid) => control.overflowsBeside(uuid),
      limits: calls,
      sourceLock: media.sourceLock,
      peers,
      allow,
      nameOf: ({ box, direction, ...facts }) =>
        folders.place(
          expandName(
            records.name,
            { ...facts, node: daemon.node, box: box ?? '', direction: direction ?? '' },
            timezone,
          ),
        ),
      now,
      archive: (ended) => {
        counts.addEnded(ended);
        return filing.file(ended);
      },
      archiveUntapped: (call) => filing.fileUntapped(call),
      log,
    });
    const controller = new Controller({
      ...controllerSettings(config),
      channels,
      captures: registry,
      controlPort: () => control.address.port,
      now,
      admitBox: (address) => this.#admitBox(allow, address),
      log,
    });
    this.#notes = notes;
    const nextOf = (recordId: string) => registry.nextOf(recordId);
    this.#recovery = new Recovery({ dir, fallbackDir, node: daemon.node, timezone, nextOf, log });
    this.#folders = folders;
    this.#disks = disks;
    this.#now = now;
    this.#control = control;
    this.#pool = pool;
    this.#calls = registry;
    this.#controller = controller;
    const backend = new DaemonBackend({
      node: daemon.node,
      calls: registry,
      controller,
      control: () => this.#controlText(),
      reload: () => this.reload(),
      health: new HealthProbe({
        folders: () => folders.all,
        control: () => (control.address.port === 0 ? null : this.#controlText()),
        wantedWorkers: () => pool.wantedSize,
        workersAnswer: () => pool.answers(),
        recentFailures: () => counts.recentFailures,
        boxes: () => controller.boxes(),
      }),
    });
    this.#minutes = new MinuteLine({
      log,
      counts,
      liveCalls: () => registry.liveCalls,
      dropped: () => registry.drops,
      stats: () => pool.stats(),
      freePairs: () => pool.freePairs,
      folders: () => folders.all,
    });
    this.#admin = new AdminSocket({ backend, log });
  }

  /** `host:port` of the control port, once it listens. */
  get controlAddress(): { address: string; port: number } {
    return this.#control.address;
  }

  get liveCalls(): number {
    return this.#calls.liveCalls;
  }

  get statusText(): string {
    const { liveCalls } = this;
    const calls = `${liveCalls} ${liveCalls === 1 ? 'call is' : 'calls are'} being recorded`;
    return `listening on ${this.#controlText()}; ${calls}`;
  }

  /** Resolves once every capture worker has answered; one that hangs keeps it from doing so. */
  async workersAnswer(): Promise<void> {
    await Promise.all(this.#pool.answers());
  }

  /**
   * Resolves when calls are taken. Throws `RST_NOT_WRITABLE`, `RST_CONFIG` (`media.receiver`),
   * `RST_PORT_IN_USE` or `RST_ADDRESS` with
   * nothing left listening; an abort of `signal` ends the start early and closes what was opened.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { records, server, media } = this.#config;
    let receiver: ChosenReceiver;
    let reading: ControlReading;
    try {
      await this.#folders.start();
      await this.#recovery.open();
      signal?.throwIfAborted();
      receiver = await chooseReceiver(media.receiver, this.#now);
      signal?.throwIfAborted();
      await this.#recallTaps(receiver);
      // An INV may wait at the control port already.
      this.#pool.start(receiver.name);
      this.#calls.start();
      await this.#pool.ready();
      signal?.throwIfAborted();
      reading = await this.#control.start(
        server.host,
        server.port,
        server.receiveBufferBytes,
        receiver.name,
      );
      warnOfReading(reading, server.receiveBufferBytes, this.#log);
      signal?.throwIfAborted();
      await this.#startAdmin(signal);
    } catch (error) {
      await this.close('failed');
      throw error;
    }
    this.#log.info(
      {
        control: this.#controlText(),
        admin: this.#admin.path,
        mediaPorts: `${media.ports.first}-${media.ports.last}`,
        workers: this.#pool.size,
        receiver: receiver.name,
        receiverReason: receiver.reason,
        controlReceiver: reading.receiver,
        records: records.dir,
        formats: records.formats,
      },
      'listening',
    );
    await this.#warnOfDescriptors();
    this.#minutes.start();
    const { allow } = this.#config.server;
    this.#log.info(
      { allow },
      `taps may send from ${allow.join(', ')}; add further FreeSWITCH machines to server.allow`,
    );
    this.#controller.start();
    this.#recovery.start();
  }

  /**
   * Reads the configuration again and takes up boxes, rules, triggers and the log level; no call notices.
   * Resolves with what has changed, a sentence each.
   *
   * @throws RstError RST_CONFIG, and everything is as before
   */
  async reload(): Promise<string[]> {
    if (!this.#load)
      throw new RstError(
        'RST_USAGE',
        'this server has its configuration from the program it runs in, which has to start it anew',
      );
    const { config, warnings } = this.#load();
    const changes = changesForNextStart(this.#config, config);
    if (config.log.level !== this.#config.log.level) {
      setLevel(this.#log, config.log.level);
      changes.unshift(`the log begins at ${config.log.level} from now on`);
    }
    changes.unshift(...this.#controller.reload(controllerSettings(config)));
    this.#config = takeUp(this.#config, config);
    for (const warning of warnings) this.#log.warn(warning);
    for (const change of changes) this.#log.info(change);
    this.#log.info({ changes: changes.length }, 'reloaded');
    return changes;
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
    this.#recovery.stop();
    const patienceMs = Math.min(
      MAX_PATIENCE_MS,
      this.#config.daemon.shutdownTimeoutMs * PATIENCE_SHARE,
    );
    this.#pool.hurry(patienceMs);
    this.#disks.hurry(patienceMs);
    this.#minutes.close();
    for (const step of [
      () => this.#admin.close(),
      () => this.#controller.close(),
      // What came before the end belongs to its call.
      () => this.#control.drain(),
      () => this.#calls.close(),
      () => this.#notes.close(),
      () => this.#pool.stop(),
      async () => this.#calls.reportDrops(),
      () => this.#control.close(),
      () => this.#recovery.close(),
      async () => this.#folders.close(),
      async () => this.#disks.close(),
    ])
      await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    if (reason === 'shutdown') this.#log.info('stopped');
  }

  /** Taps outlive a server: those of one before go on where their packets still go to. */
  async #recallTaps({ name }: ChosenReceiver): Promise<void> {
    const { dir } = this.#config.records;
    const notes = await this.#notes.read((records) => findRecords(dir, records));
    if (notes.length > 0) await this.#pool.recall(name, this.#calls.recall(notes));
  }

  /** A socket that nobody asked for is not worth a call. */
  async #startAdmin(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#admin.start(socketPath(this.#config, this.#control.address.port), signal);
    } catch (error) {
      const isWanted = this.#config.daemon.socket !== 'auto' || !(error instanceof RstError);
      if (isWanted) throw error;
      this.#log.warn(
        `no commands are taken (rst-server calls, tap, stop, boxes, reload): ${error.message}`,
      );
    }
  }

  #controlText(): string {
    const { address, port } = this.#control.address;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** Where `server.allow` is the default, boxes are in it, and those given by name are known by now. */
  #admitBox(allow: AllowList, address: string): void {
    if (this.#config.server.allowsBoxes && allow.admit(address))
      this.#log.info({ address }, 'a box may send from this address as well');
  }

  /** A server with too few descriptors takes as many calls as it can. */
  async #warnOfDescriptors(): Promise<void> {
    const room = await ownDescriptorRoom(this.#config);
    const shortage = room && descriptorShortage(room);
    if (shortage) this.#log.warn(room, `${shortage.found}; ${shortage.todo}`);
  }
}

function controllerSettings({ freeswitch, esl, trigger, rules }: Config): ControllerSettings {
  return { boxes: freeswitch, esl, trigger, rules };
}
