import { randomUUID } from 'node:crypto';
import { type ConnectionHandlers, EslConnection, type Reply } from './connection.ts';
import type { EslEvent } from './event.ts';
import { parseJsonBytes } from './json-bytes.ts';
import { LinkErrors } from './link-errors.ts';
import type { LinkOptions } from './link-options.ts';
import { type LinkState, next } from './link-state.ts';
import { type Pending, PendingSet } from './pending-set.ts';
import { decodeText } from './text-bytes.ts';

/** How long a server may take to answer `exit` by closing. */
const CLOSE_GRACE_MS = 1000;

export interface LinkHandlers {
  /** Every event subscribed to but BACKGROUND_JOB, which the link keeps for itself; in order, while `ready`. */
  event(event: EslEvent): void;
  /**
   * Once for every link that had started, with all that was pending rejected: `null` after `close()`, else
   * what ended it.
   */
  closed(error: Error | null): void;
  /** One of the two above threw this. It harms nobody: the link goes on. Must not throw itself. */
  failed(error: unknown): void;
}

/**
 * One connection to the event socket of one FreeSWITCH: it connects and logs in once, and ends once; a
 * reconnect is a new link. Replies come in the order of the commands, so a reply that is late closes the
 * link: the next one could not be told from it. FreeSWITCH works on one `api` command after the other,
 * and a slow one keeps events waiting too: what may take long is for `bgapi`.
 *
 * All methods reject with `RST_ESL` (refused, no reply in time, not connected, a command that is more
 * than one line) or with what ended the link.
 */
export class Link implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #errors: LinkErrors;
  readonly #pending = new PendingSet();
  readonly #jobs = new Map<string, Pending<string>>();
  readonly #closed = Promise.withResolvers<void>();
  #state: LinkState = 'idle';
  #started: Promise<void> | null = null;
  #connection: EslConnection | null = null;
  #endReason: Error | null = null;
  /** Who learns of the end: whoever waits for `start()`, then the handler. */
  #endGoesTo: 'start' | 'handler' = 'start';
  #graceTimer: NodeJS.Timeout | undefined;
  #localAddress = '';
  #remoteAddress = '';

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#errors = new LinkErrors(options);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** This machine's address on the way to that FreeSWITCH; empty before it is connected. */
  get localAddress(): string {
    return this.#localAddress;
  }

  get remoteAddress(): string {
    return this.#remoteAddress;
  }

  /**
   * Connects and logs in. A rejection leaves nothing open, and `closed` is not called then.
   *
   * @throws RstError RST_NOT_REACHABLE (nobody there, no answer in time, ended while logging in),
   *   RST_ESL_AUTH (password, user or address refused), RST_ESL (no event socket, already closed);
   *   the reason of `signal` where that ended the start
   */
  start(signal?: AbortSignal): Promise<void> {
    this.#started ??= this.#start(signal);
    return this.#started;
  }

  /**
   * Runs an API command and returns its answer as it is, line end and `-ERR` included. Whoever awaits it
   * goes on before the events that came after the answer are handed out.
   */
  async api(command: string): Promise<string> {
    return decodeText(await this.apiBytes(command));
  }

  async apiBytes(command: string): Promise<Uint8Array> {
    const { contentType, text, body } = await this.#request(`api ${command}`);
    if (contentType !== 'api/response') throw this.#errors.refused(`api ${command}`, text);
    return body;
  }

  /** For `show channels as json` and the like; rejects with RST_ESL where the answer is no JSON. */
  async apiJson(command: string): Promise<unknown> {
    const bytes = await this.apiBytes(command);
    try {
      return parseJsonBytes(bytes);
    } catch {
      throw this.#errors.refused(`api ${command}`, decodeText(bytes.subarray(0, 200)));
    }
  }

  /**
   * Runs an API command beside the connection and returns its result, which may be empty. Needs
   * `subscribe` before. Rejects with RST_ESL after `commandTimeoutMs`; the link goes on and the command may.
   */
  async bgapi(command: string): Promise<string> {
    const jobId = randomUUID();
    const replied = this.#request(`bgapi ${command}`, { 'Job-UUID': jobId });
    const job = this.#pending.open<string>(this.#options.commandTimeoutMs, () =>
      this.#errors.late(`bgapi ${command}`, 'result'),
    );
    this.#jobs.set(jobId, job);
    try {
      const { text } = await replied;
      if (!text.startsWith('+OK')) throw this.#errors.refused(`bgapi ${command}`, text);
      return await job.promise;
    } finally {
      this.#jobs.delete(jobId);
      // Where there is no reply there will be no result, and no need to keep its timer.
      job.resolve('');
    }
  }

  /** Asks for these events (BACKGROUND_JOB is added) and these kinds of CUSTOM events, besides any before. */
  async subscribe(names: readonly string[], custom: readonly string[]): Promise<void> {
    const events = new Set([...names, 'BACKGROUND_JOB']);
    // What follows CUSTOM is a kind of it, up to the end of the line.
    const words = [...events, ...(custom.length > 0 ? ['CUSTOM', ...custom] : [])];
    const command = `event plain ${words.join(' ')}`;
    const { text } = await this.#request(command);
    if (!text.startsWith('+OK')) throw this.#errors.refused(command, text);
  }

  /** Says goodbye and closes; whatever is pending is rejected. */
  close(): Promise<void> {
    this.#end(null);
    return this.#closed.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const onAbort = () => this.#end(errorOf(signal?.reason));
    signal?.addEventListener('abort', onAbort);
    try {
      signal?.throwIfAborted();
      await this.#logIn();
    } catch (error) {
      this.#end(errorOf(error));
      await this.#closed.promise;
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #logIn(): Promise<void> {
    const { password, user, connectTimeoutMs, authTimeoutMs } = this.#options;
    if (this.#state !== 'idle') throw this.#errors.notConnected();
    const login = user ? `userauth ${user}:${password}` : `auth ${password}`;
    if (!isOneLine(login)) throw this.#errors.loginNotOneLine();
    this.#state = next(this.#state, 'start');
    const connected = this.#pending.open<void>(connectTimeoutMs, () =>
      this.#errors.noAnswerInTime(),
    );
    const greeted = Promise.withResolvers<void>();
    const connection = this.#connect({
      connected: ({ localAddress = '', remoteAddress = '' }) => {
        this.#localAddress = localAddress;
        this.#remoteAddress = remoteAddress;
        this.#state = next(this.#state, 'connected');
        connected.resolve();
      },
      authRequested: greeted.resolve,
      event: (event) => this.#onEvent(event),
      notice: (kind, text) => this.#onNotice(kind, text),
      malformed: (reason) => this.#end(this.#errors.malformed(reason)),
      closed: (error) => this.#onClosed(error),
    });
    await connected.promise;
    const replied = this.#pending.open<Reply>(authTimeoutMs, () => this.#errors.noLoginInTime());
    void greeted.promise.then(() => connection.request(login, null, replied.resolve));
    const { text } = await replied.promise;
    if (!text.startsWith('+OK')) throw this.#errors.loginRefused(text);
    this.#state = next(this.#state, 'accepted');
    if (this.#state !== 'ready') throw this.#endReason ?? this.#errors.notConnected();
    this.#endGoesTo = 'handler';
  }

  #connect(handlers: ConnectionHandlers): EslConnection {
    const { host, port } = this.#options;
    try {
      this.#connection = new EslConnection(host, port, handlers);
      return this.#connection;
    } catch (error) {
      throw this.#errors.noAnswer(errorOf(error));
    }
  }

  /** Not async, so that commands go out in the order of the calls and a bad one throws before it is sent. */
  #request(command: string, headers: Record<string, string> | null = null): Promise<Reply> {
    if (this.#state !== 'ready' || this.#connection === null) throw this.#errors.notConnected();
    if (!isOneLine(command)) throw this.#errors.commandNotOneLine(command);
    const reply = this.#pending.open<Reply>(this.#options.commandTimeoutMs, () => {
      const error = this.#errors.late(command, 'reply');
      this.#end(error);
      return error;
    });
    this.#connection.request(command, headers, reply.resolve);
    return reply.promise;
  }

  #onEvent(event: EslEvent): void {
    if (this.#state !== 'ready') return;
    if (event.name === 'BACKGROUND_JOB')
      this.#jobs.get(event.get('Job-UUID') ?? '')?.resolve(event.body);
    else this.#hand(() => this.#handlers.event(event));
  }

  #onNotice(kind: 'disconnect' | 'rejection', text: string): void {
    this.#end(
      kind === 'rejection' ? this.#errors.addressRefused(text) : this.#errors.goodbye(text),
    );
  }

  /** The first end counts, with its reason; `null`: we want it. */
  #end(reason: Error | null): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const isPolite = this.#state === 'ready' && reason === null;
    this.#endReason = reason;
    this.#state = next(this.#state, 'end');
    const connection = this.#connection;
    if (connection === null) return this.#onClosed(null);
    // Now and not when the socket is gone: the answer to `exit` is nobody's.
    this.#pending.rejectAll(reason ?? this.#errors.notConnected());
    if (!isPolite) return connection.destroy();
    this.#graceTimer = setTimeout(() => connection.destroy(), CLOSE_GRACE_MS);
    connection.disconnect();
  }

  /** The socket is gone. Whoever ended the link has said why; otherwise the other side did it, or the network. */
  #onClosed(error: Error | null): void {
    clearTimeout(this.#graceTimer);
    if (this.#state === 'connecting') this.#endReason = this.#errors.noAnswer(error);
    else if (this.#state !== 'closing') this.#endReason = this.#errors.lost(error);
    this.#state = next(this.#state, 'gone');
    this.#connection = null;
    this.#pending.rejectAll(this.#endReason ?? this.#errors.notConnected());
    if (this.#endGoesTo === 'handler') this.#hand(() => this.#handlers.closed(this.#endReason));
    this.#closed.resolve();
  }

  #hand(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#handlers.failed(error);
    }
  }
}

function isOneLine(command: string): boolean {
  return !/[\r\n\0]/.test(command);
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
