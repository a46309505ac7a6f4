import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ERRORS, type ErrorCode, errorText, RstError, systemCode } from '../errors.ts';
import type { BoxStatus, Health, LiveCall } from '../http/index.ts';
import { printableLines } from './printable.ts';

/** What the daemon knows, or reads, it says at once: one that does not is stuck. */
const QUICK_MS = 10_000;
/** A tap is confirmed, looked for and tried again before it is given up. */
const PATIENT_MS = 150_000;

export interface AdminClientOptions {
  /** Of the admin socket. */
  path: string;
  /** Sentences for who finds nobody there. */
  hint(): string;
  /** How long what needs no FreeSWITCH may take; 10 s by default. */
  quickMs?: number;
}

interface Request {
  body?: object;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** A status besides 200 that has the document. */
  status?: number;
}

/** Asks a daemon on this machine over its admin socket. What it answers with an error is thrown as one of its code. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  calls(signal?: AbortSignal): Promise<{ calls: LiveCall[] }> {
    return this.#ask('GET', '/calls', { signal });
  }

  boxes(): Promise<{ boxes: BoxStatus[] }> {
    return this.#ask('GET', '/boxes');
  }

  /** One that is unwell is no error. */
  health(): Promise<Health> {
    return this.#ask('GET', '/health', { status: 503 });
  }

  /** @throws RstError RST_NOT_FOUND, RST_CONFLICT, RST_NOT_REACHABLE, RST_ESL */
  tap(uuid: string, box?: string): Promise<{ message: string }> {
    const body = box === undefined ? {} : { box };
    return this.#ask('POST', `/calls/${encodeURIComponent(uuid)}/tap`, {
      body,
      timeoutMs: PATIENT_MS,
    });
  }

  /** @throws RstError RST_NOT_FOUND */
  stop(uuid: string): Promise<{ message: string }> {
    return this.#ask('POST', `/calls/${encodeURIComponent(uuid)}/stop`, {
      timeoutMs: PATIENT_MS,
    });
  }

  /** @throws RstError RST_CONFIG */
  reload(): Promise<{ changes: string[] }> {
    return this.#ask('POST', '/reload');
  }

  async #ask<Answer>(
    method: 'GET' | 'POST',
    path: string,
    { body, signal, timeoutMs = this.#options.quickMs ?? QUICK_MS, status = 200 }: Request = {},
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let answered: { status: number; body: string };
    try {
      answered = await send(this.#options.path, method, `/api/v1${path}`, {
        body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw this.#notReachable(
        timeout.aborted ? `no answer came within ${timeoutMs / 1000} s` : reasonOf(error),
        error,
      );
    }
    return this.#read(answered, [200, status]);
  }

  #read<Answer>(answered: { status: number; body: string }, expected: number[]): Answer {
    let document: { error?: { code: string; message: string } };
    try {
      document = JSON.parse(answered.body);
    } catch (error) {
      throw this.#notReachable('what answers there is no rst-server', error);
    }
    const { error } = document;
    if (error) throw new RstError(codeOf(error.code), printableLines(String(error.message)));
    if (!expected.includes(answered.status))
      throw this.#notReachable(`it answers with status ${answered.status}`, null);
    return document as Answer;
  }

  #notReachable(reason: string, cause: unknown): RstError {
    const { path, hint } = this.#options;
    const text = `No rst-server can be reached at ${path}: ${reason}. ${hint()}`;
    return new RstError('RST_NOT_REACHABLE', printableLines(text), { cause });
  }
}

async function send(
  socketPath: string,
  method: string,
  path: string,
  { body, signal }: { body: object | undefined; signal: AbortSignal },
): Promise<{ status: number; body: string }> {
  const answer = Promise.withResolvers<{ status: number; body: string }>();
  const headers = body ? { 'content-type': 'application/json' } : {};
  request({ socketPath, method, path, headers, signal, agent: false }, (response) => {
    text(response).then(
      (body) => answer.resolve({ status: response.statusCode ?? 0, body }),
      answer.reject,
    );
  })
    .on('error', answer.reject)
    .end(body && JSON.stringify(body));
  return answer.promise;
}

/** A daemon of another version may know codes that this one does not. */
function codeOf(code: string): ErrorCode {
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'RST_INTERNAL';
}

function reasonOf(error: unknown): string {
  return REASONS.get(systemCode(error) ?? '') ?? errorText(error);
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such socket'],
  ['ENOTDIR', 'there is no such folder'],
  ['ECONNREFUSED', 'nobody listens there'],
  ['ENOTSOCK', 'it is no socket'],
  ['EINVAL', 'that path is too long for a socket'],
  ['EACCES', 'permission denied, it belongs to another user'],
  ['ECONNRESET', 'it ended before it answered'],
  ['EPIPE', 'it ended before it answered'],
]);
