import type { Routes } from './routes.ts';

export const reloadRoutes: Routes = (app, { backend }) => {
  app.post('/reload', async () => ({ changes: await backend.reload() }));
};
