import { isIPv6 } from 'node:net';
import { errorText, RstError } from '../errors.ts';
import type { LinkOptions } from './link-options.ts';

const MAX_QUOTED = 120;
const IS_IT_THERE =
  'is FreeSWITCH running there, with mod_event_socket listening where this machine can reach it?';

/** What can be wrong with a link, each in one sentence that names its place and never its password. */
export class LinkErrors {
  readonly #options: LinkOptions;
  /** `event socket 127.0.0.1:8021`. */
  readonly #place: string;

  constructor(options: LinkOptions) {
    const { host, port } = options;
    this.#options = options;
    this.#place = `event socket ${isIPv6(host) ? `[${host}]` : host}:${port}`;
  }

  noAnswer(cause: Error | null): RstError {
    return this.#unreachable(`does not answer: ${reasonOf(cause)}; ${IS_IT_THERE}`, cause);
  }

  noAnswerInTime(): RstError {
    const { connectTimeoutMs } = this.#options;
    return this.#unreachable(`does not answer within ${connectTimeoutMs} ms; ${IS_IT_THERE}`);
  }

  noLoginInTime(): RstError {
    const { authTimeoutMs } = this.#options;
    return this.#unreachable(
      `lets nobody log in within ${authTimeoutMs} ms; is FreeSWITCH stuck, or is something else listening there?`,
    );
  }

  /** The other side or the network ended it. */
  lost(cause: Error | null): RstError {
    return cause === null
      ? this.#unreachable('closed the connection without a word')
      : this.#unreachable(`is lost: ${reasonOf(cause)}`, cause);
  }

  goodbye(notice: string): RstError {
    return this.#unreachable(`closed the connection: ${quote(notice)}`);
  }

  loginRefused(answer: string): RstError {
    const { user } = this.#options;
    return new RstError(
      'RST_ESL_AUTH',
      user
        ? `${this.#place} refuses user ${quote(user)} with this password (${quote(answer)}); it has to be the esl-password of that user in FreeSWITCH's directory`
        : `${this.#place} refuses this password (${quote(answer)}); it has to be the one in FreeSWITCH's event_socket.conf.xml`,
    );
  }

  addressRefused(notice: string): RstError {
    return new RstError(
      'RST_ESL_AUTH',
      `${this.#place} does not let this machine in (${quote(notice)}); allow its address by apply-inbound-acl in FreeSWITCH's event_socket.conf.xml`,
    );
  }

  loginNotOneLine(): RstError {
    return new RstError(
      'RST_CONFIG',
      `${this.#place} can't be told a user or password with a line break in it; remove it`,
    );
  }

  commandNotOneLine(command: string): RstError {
    return new RstError(
      'RST_ESL',
      `${this.#place} is not sent ${quote(command)}: what follows the line break would be another command`,
    );
  }

  late(command: string, what: 'reply' | 'result'): RstError {
    const { commandTimeoutMs } = this.#options;
    return new RstError(
      'RST_ESL',
      `${this.#place} gives no ${what} to ${quote(command)} within ${commandTimeoutMs} ms`,
    );
  }

  refused(command: string, answer: string): RstError {
    return new RstError(
      'RST_ESL',
      `${this.#place} answers ${quote(command)} with ${quote(answer)}`,
    );
  }

  malformed(reason: string): RstError {
    return new RstError('RST_ESL', `${this.#place} ${reason}; is something else listening there?`);
  }

  notConnected(): RstError {
    return new RstError('RST_ESL', `${this.#place} is not connected`);
  }

  #unreachable(what: string, cause?: Error | null): RstError {
    return new RstError('RST_NOT_REACHABLE', `${this.#place} ${what}`, { cause });
  }
}

/** The first line of somebody else's text as part of a sentence: cut, and without control characters. */
function quote(text: string): string {
  const line = text.trim().split('\n')[0] as string;
  return JSON.stringify(line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line);
}

/** Where a name has several addresses, each has its own reason and the error itself has no words. */
function reasonOf(error: Error | null): string {
  return error instanceof AggregateError
    ? error.errors.map(errorText).join(', ')
    : errorText(error ?? 'no reason given');
}
