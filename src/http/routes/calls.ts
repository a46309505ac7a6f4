import { z } from 'zod';
import { isUuid } from '../../protocol/index.ts';
import type { Routes } from './routes.ts';

const params = z.strictObject({
  uuid: z.string().refine(isUuid, 'is no UUID that a call can have'),
});
const tapBody = z
  .strictObject({ box: z.string().min(1).max(253).optional() })
  .nullish()
  .transform((body) => body ?? {});

type Params = z.output<typeof params>;
type TapBody = z.output<typeof tapBody>;

export const callRoutes: Routes = (app, { backend }) => {
  app.get('/calls', async () => ({ calls: await backend.calls() }));

  app.post<{ Params: Params; Body: TapBody }>(
    '/calls/:uuid/tap',
    { schema: { params, body: tapBody } },
    async ({ params: { uuid }, body: { box } }) => ({ message: await backend.tap(uuid, box) }),
  );

  app.post<{ Params: Params }>(
    '/calls/:uuid/stop',
    { schema: { params } },
    async ({ params: { uuid } }) => ({ message: await backend.stop(uuid) }),
  );
};
