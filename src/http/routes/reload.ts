import type { Routes } from './routes.ts';

export const reloadRoutes: Routes = (app, { backend, log }) => {
  app.post('/reload', async () => {
    const changes = await backend.reload();
    for (const change of changes) log.info(change);
    return { changes };
  });
};
