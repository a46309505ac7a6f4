import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type EslEvent, Link, type LinkHandlers, type LinkOptions } from '../../src/esl/index.ts';
import { readTranscript } from './transcript.ts';
import { type Play, TranscriptServer } from './transcript-server.ts';

export const HOST = '127.0.0.1';
export const PASSWORD = 'ClueCon';
/** Long enough never to be met by what works. */
const PATIENT = { connectTimeoutMs: 20_000, authTimeoutMs: 20_000, commandTimeoutMs: 20_000 };

/** A link, all that it handed out, and its end to wait for. */
export function linkTo(
  port: number,
  options: Partial<LinkOptions> = {},
  handlers: Partial<LinkHandlers> = {},
) {
  const events: EslEvent[] = [];
  const ends: (Error | null)[] = [];
  const failures: unknown[] = [];
  const ended = Promise.withResolvers<Error | null>();
  const link = new Link(
    { host: HOST, port, password: PASSWORD, ...PATIENT, ...options },
    {
      event: (event) => events.push(event),
      failed: (error) => failures.push(error),
      ...handlers,
      closed: (error) => {
        ends.push(error);
        ended.resolve(error);
        handlers.closed?.(error);
      },
    },
  );
  return { link, events, ends, failures, ended: ended.promise };
}

export async function play(t: TestContext, name: string, how: Play = {}) {
  const server = await TranscriptServer.open(readTranscript(name), how);
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

/** True for an error of the project that says that, and not the password; for `assert.rejects`. */
export const isCode = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  assert.doesNotMatch(error.message, new RegExp(PASSWORD));
  return true;
};
