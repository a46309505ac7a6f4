import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { RstError } from '../errors.ts';
import type { Log } from '../log.ts';

/**
 * Answers with `{ error: { code, message } }`. What nobody raised on purpose goes to the log and not to
 * the client.
 */
export function answerError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const { status, code, message } = judge(error);
  if (code === 'RST_INTERNAL') log.error({ err: error }, 'a request failed');
  return reply.code(status).send({ error: { code, message } });
}

function judge(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof RstError)
    return { status: error.httpStatus, code: error.code, message: error.message };
  if (error instanceof z.ZodError)
    return { status: 400, code: 'RST_USAGE', message: issuesText(error) };
  if (isClientError(error))
    return {
      status: error.statusCode,
      code: 'RST_USAGE',
      message: PLAINER.get(error.code) ?? error.message,
    };
  const { code, httpStatus, message } = new RstError(
    'RST_INTERNAL',
    'The server failed at this; its log says why.',
  );
  return { status: httpStatus, code, message };
}

/** What fastify says of a request that it can't take: a body too large, no JSON, a bad URL. */
function isClientError(
  error: unknown,
): error is { statusCode: number; code: string; message: string } {
  if (!(error instanceof Error && 'statusCode' in error && 'code' in error)) return false;
  const { statusCode, code } = error;
  return (
    typeof statusCode === 'number' &&
    statusCode >= 400 &&
    statusCode < 500 &&
    String(code).startsWith('FST_')
  );
}

/** What fastify says by quoting all that was sent. */
const PLAINER: ReadonlyMap<string, string> = new Map([
  ['FST_ERR_MAX_PARAM_LENGTH', 'A part of the path is longer than anything that is called so.'],
  ['FST_ERR_BAD_URL', 'The path is not percent-encoded as it has to be.'],
]);

function issuesText({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
