import type { Routes } from './routes.ts';

export const statusRoutes: Routes = (app, { backend }) => {
  app.get('/status', async () => backend.status());
};
