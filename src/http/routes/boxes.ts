import type { Routes } from './routes.ts';

export const boxRoutes: Routes = (app, { backend }) => {
  app.get('/boxes', async () => ({ boxes: backend.boxes() }));
};
