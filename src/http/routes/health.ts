import type { Routes } from './routes.ts';

/** 503 where it is unwell, which is what probes look at. */
export const healthRoutes: Routes = (app, { backend }) => {
  app.get('/health', async (_request, reply) => {
    const health = await backend.health();
    return reply.code(health.status === 'well' ? 200 : 503).send(health);
  });
};
