import Fastify, { type FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { RstError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Backend } from './backend.ts';
import { answerError } from './error-answer.ts';
import { boxRoutes } from './routes/boxes.ts';
import { callRoutes } from './routes/calls.ts';
import { healthRoutes } from './routes/health.ts';
import { reloadRoutes } from './routes/reload.ts';
import { statusRoutes } from './routes/status.ts';

export interface AppOptions {
  backend: Backend;
  log: Log;
}

const BODY_LIMIT_BYTES = 64 * 1024;
/** Three characters for each byte of a percent-encoded UUID. */
const MAX_PARAM_LENGTH = 1024;
/** Each adds the routes of one resource below `/api/v1`. */
const ROUTES = [callRoutes, boxRoutes, healthRoutes, reloadRoutes, statusRoutes];

/** The API, listening nowhere yet: on whatever socket it is served, it is the same. */
export function buildApp({ backend, log }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, _request, reply) => {
      answerError(error, reply, log);
    },
  });
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const { success, data: value, error } = schema.safeParse(data);
    return success ? { value } : { error };
  });
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, log));
  app.setNotFoundHandler(({ method, url }, reply) =>
    answerError(new RstError('RST_NOT_FOUND', `There is no ${method} ${url}.`), reply, log),
  );
  app.addHook('onResponse', async ({ method, url }, { statusCode }) => {
    log[method === 'GET' ? 'debug' : 'info']({ method, url, statusCode }, 'request answered');
  });
  for (const routes of ROUTES)
    app.register(
      (scope, _options, done) => {
        routes(scope, { backend });
        done();
      },
      { prefix: '/api/v1' },
    );
  return app;
}
