import type { Box, Config } from '../config/index.ts';
import { errorText, RstError } from '../errors.ts';
import type { Log } from '../log.ts';
import { Backoff } from './backoff.ts';
import type { BoxStatus } from './box-status.ts';
import { isCommandWord } from './command-word.ts';
import { each } from './each.ts';
import { EslEvent } from './event.ts';
import { Link } from './link.ts';
import { MODULE_EVENTS, ModuleTrust } from './module-trust.ts';
import { plainAddress } from './plain-address.ts';
import { CHANNEL_EVENTS, Roster } from './roster.ts';
import type { RosterOptions } from './roster-options.ts';
import { next, type SessionEvent, type SessionState } from './session-state.ts';
import { TAP_EVENTS } from './tap-report.ts';
import { formatTarget, type TapTarget } from './tap-target.ts';
import { Tapping, type TapRoute } from './tapping.ts';
import type { Watch } from './watch.ts';

export interface SessionOptions extends Omit<RosterOptions, 'box'> {
  box: Box;
  /** Asked for at each connection. */
  esl(): Config['esl'];
  /** The UDP port that taps are sent to where `advertise` names none. */
  controlPort(): number;
  /** Lets in the datagrams of a box, whose address is known once it is connected. */
  admitBox(address: string): void;
  /** Takes this FreeSWITCH for the session; returns the name of the one that has it already. */
  claim(coreUuid: string, session: Session): string | null;
  release(session: Session): void;
  /** From 0 up to 1. */
  random(): number;
}

/** How many channels are asked for at once. */
const DUMPS_AT_ONCE = 8;
/** What somebody has to change is tried again after so many times `esl.reconnect_max`. */
const SLOW_FACTOR = 2;
/** Reasons that are not said again; more than this there hardly are. */
const MAX_SAID = 32;

/**
 * One FreeSWITCH for as long as it is configured: it connects, finds out which calls there are, listens,
 * and begins again whenever that ends. What goes wrong is said once and not at every try.
 */
export class Session implements AsyncDisposable {
  readonly roster: Roster;
  readonly tapping: Tapping;
  readonly module: ModuleTrust;
  readonly #options: SessionOptions;
  readonly #log: Log;
  readonly #abort = new AbortController();
  #state: SessionState = 'idle';
  #sinceMs = Date.now();
  /** The same moment on the clock that nobody sets. */
  #sinceMonotonicMs = performance.now();
  #lastError: string | null = null;
  /** Since it was connected last. */
  readonly #said = new Set<string>();
  #link: Link | null = null;
  #coreUuid: string | null = null;
  #version: string | null = null;
  #advertised: TapTarget | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#log = options.log.child({ box: options.box.name });
    const { settings, channels, captures } = options;
    this.module = new ModuleTrust(options.box.stopCommand);
    this.tapping = new Tapping({
      settings,
      channels,
      captures,
      module: this.module,
      route: () => this.route(),
      log: this.#log,
    });
    this.roster = new Roster({ ...options, box: options.box.name, log: this.#log }, this.tapping);
  }

  get box(): Box {
    return this.#options.box;
  }

  get state(): SessionState {
    return this.#state;
  }

  get status(): BoxStatus {
    const { name, host, port } = this.#options.box;
    return {
      name,
      host,
      port,
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      lastError: this.#lastError,
      channels: this.roster.size,
      calls: this.roster.recorded,
      coreUuid: this.#coreUuid,
      version: this.#version,
      advertised: this.#advertised && formatTarget(this.#advertised),
    };
  }

  /** Begins to connect; never throws because nobody is there. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#move('start');
    this.#running = this.#run();
  }

  /** Ends the link and every wait. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The way to the box while it is connected. */
  route(): TapRoute | null {
    const link = this.#link;
    if (link?.state !== 'ready' || this.#advertised === null) return null;
    return {
      commands: link,
      target: this.#advertised,
      boxAddress: plainAddress(link.remoteAddress),
    };
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What others look at is given up at once: another session may follow before the link is gone. */
  async #close(): Promise<void> {
    this.#move('close');
    this.roster.forget();
    this.tapping.close();
    this.#options.release(this);
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, esl } = this.#options;
    const limits = () => ({ minMs: esl().reconnectMinMs, maxMs: esl().reconnectMaxMs });
    const backoff = new Backoff({ limits, random });
    while (!this.#isClosed) {
      const error = await this.#connection();
      if (this.#isClosed) return;
      // One that goes at once again and again is tried less and less often.
      const lastedMs = performance.now() - this.#sinceMonotonicMs;
      if (this.#state === 'ready' && lastedMs >= limits().maxMs) backoff.reset();
      const isRefused = isForPeople(error);
      this.#move(isRefused ? 'refused' : 'lost');
      this.#say(error, isRefused);
      await this.#pause(isRefused ? limits().maxMs * SLOW_FACTOR : backoff.nextMs());
      this.#move('retry');
    }
  }

  /** One connection from its beginning to its end; returns what ended it. Never rejects. */
  async #connection(): Promise<Error> {
    const { box, esl, release } = this.#options;
    const ended = Promise.withResolvers<Error>();
    const { connectTimeoutMs, commandTimeoutMs, heartbeatTimeoutMs } = esl();
    const link = new Link(
      {
        host: box.host,
        port: box.port,
        password: box.password,
        user: box.user,
        connectTimeoutMs,
        authTimeoutMs: connectTimeoutMs,
        commandTimeoutMs,
      },
      {
        event: (event) => {
          if (this.#isClosed) return;
          this.#watchdog?.refresh();
          if (event.name === 'HEARTBEAT') this.roster.sweep();
          else if (event.name.startsWith('MODULE_')) this.#moduleChanged(event);
          else this.roster.event(event);
        },
        closed: (error) => ended.resolve(error ?? new RstError('RST_ESL', 'it was closed')),
        failed: (error) => this.#log.error({ err: error }, 'an event could not be understood'),
      },
    );
    const onAbort = () => ended.resolve(new RstError('RST_ESL', 'the server stops'));
    this.#abort.signal.addEventListener('abort', onAbort);
    try {
      this.#link = link;
      await link.start(this.#abort.signal);
      this.#watchdog = setTimeout(
        () => ended.resolve(this.#silent(heartbeatTimeoutMs)),
        heartbeatTimeoutMs,
      );
      this.#move('logged-in');
      const reconciled = this.#reconcile(link);
      // Whoever ends the link ends that as well.
      reconciled.catch(() => {});
      await Promise.race([reconciled, ended.promise.then((error) => Promise.reject(error))]);
      this.#move('reconciled');
      this.#sayConnected();
      return await ended.promise;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(this.#watchdog);
      this.#abort.signal.removeEventListener('abort', onAbort);
      this.roster.lost();
      this.module.lost();
      release(this);
      await link.close();
      this.#link = null;
    }
  }

  /** Listens, learns whom it talks to, and brings what is known of its channels up to date. */
  async #reconcile(link: Link): Promise<void> {
    const { box, admitBox, claim, controlPort } = this.#options;
    const known = this.#coreUuid;
    const coreUuid = (await link.api('global_getvar core_uuid')).trim();
    const twin = coreUuid === '' ? null : claim(coreUuid, this);
    if (twin !== null) throw this.#isTwin(twin);
    this.#coreUuid = coreUuid;
    this.#version = versionOf(await link.api('version'));
    const { host, port } = box.advertise ?? { host: plainAddress(link.localAddress), port: null };
    this.#advertised = { host, port: port ?? controlPort() };
    admitBox(plainAddress(link.remoteAddress));
    await this.#learnModule(link);
    await link.subscribe([...CHANNEL_EVENTS, 'HEARTBEAT'], []);
    const uuids = new Set(uuidsOf(await link.apiJson('show channels as json')));
    this.roster.present(uuids, known === coreUuid);
    const found: Watch[] = [];
    await each(uuids, DUMPS_AT_ONCE, async (uuid) => {
      const watch = await this.find(uuid);
      if (watch) found.push(watch);
    });
    this.roster.resume(found);
  }

  #moduleChanged(event: EslEvent): void {
    const wasOurs = this.module.isOurs;
    this.module.changed(event);
    if (this.module.isOurs && !wasOurs) this.roster.tapAgain();
  }

  /** Listens to the module in mod_rst/, and asks whether it is that one. A login that may do neither goes without. */
  async #learnModule(link: Link): Promise<void> {
    const steps = [
      () => link.subscribe(MODULE_EVENTS, TAP_EVENTS),
      async () => this.module.status(await link.api('rst_status 0')),
    ];
    for (const step of steps)
      await step().catch((error: unknown) => {
        if (link.state !== 'ready') throw error;
        this.#log.debug({ reason: errorText(error) }, 'this login may not hear what mod_rst says');
      });
  }

  /** Looks at a channel of the box; null where it has no such channel, or nobody has answered it. */
  async find(uuid: string): Promise<Watch | null> {
    const link = this.#link;
    if (link === null || !isCommandWord(uuid)) return null;
    const dump = EslEvent.parse(await link.apiBytes(`uuid_dump ${uuid}`));
    return this.#isClosed ? null : this.roster.found(dump);
  }

  #silent(timeoutMs: number): RstError {
    const { host, port } = this.#options.box;
    return new RstError(
      'RST_NOT_REACHABLE',
      `event socket ${host}:${port} has said nothing for ${timeoutMs} ms, not even a HEARTBEAT; it is connected to anew (where event-heartbeat-interval in switch.conf.xml is longer, raise esl.heartbeat_timeout)`,
    );
  }

  #isTwin(other: string): RstError {
    const { name, host, port } = this.#options.box;
    return new RstError(
      'RST_CONFIG',
      `box ${JSON.stringify(name)} (${host}:${port}) is the same FreeSWITCH as box ${JSON.stringify(other)}, and its calls would be tapped twice; remove one of the two`,
    );
  }

  /** Once for each reason, as the same one comes back at every try. */
  #say(error: Error, isRefused: boolean): void {
    const text = errorText(error);
    this.#lastError = text;
    if (this.#said.has(text)) return this.#log.debug({ reason: text }, 'still not connected');
    if (this.#said.size < MAX_SAID) this.#said.add(text);
    if (isRefused) this.#log.error(text);
    else this.#log.warn({ code: error instanceof RstError ? error.code : undefined }, text);
  }

  #sayConnected(): void {
    this.#said.clear();
    const { channels, version, advertised } = this.status;
    this.#log.info({ version, channels, advertised }, 'connected to FreeSWITCH');
  }

  /** Resolves early when the session is closed. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#abort;
    const done = () => resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (!signal.aborted) await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
  }

  #move(event: SessionEvent): void {
    const before = this.#state;
    this.#state = next(before, event);
    if (this.#state === before) return;
    this.#sinceMs = Date.now();
    this.#sinceMonotonicMs = performance.now();
  }
}

/** True where only somebody who changes a setting can help. */
function isForPeople(error: Error): boolean {
  return (
    error instanceof RstError && (error.code === 'RST_ESL_AUTH' || error.code === 'RST_CONFIG')
  );
}

/** `FreeSWITCH Version 1.10.12-release~64bit (…)` */
function versionOf(text: string): string {
  return /Version (\S{1,64})/.exec(text)?.[1] ?? text.trim().slice(0, 64);
}

/** The rows of `show channels as json`, which leaves them out where there is none. */
function uuidsOf(shown: unknown): string[] {
  const rows = (shown as { rows?: { uuid?: unknown }[] } | null)?.rows;
  if (!Array.isArray(rows)) return [];
  return rows.flatMap(({ uuid }) => (typeof uuid === 'string' ? [uuid] : []));
}
