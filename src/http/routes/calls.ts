import { z } from 'zod';
import { isUuid } from '../../protocol/index.ts';
import type { Routes } from './routes.ts';

const NO_NAME = 'has to be the name of a box, 1 to 253 characters';

const params = z.strictObject({
  uuid: z.string().refine(isUuid, { error: ({ input }) => noUuid(String(input)) }),
});
const tapBody = z
  .strictObject({
    box: z.string().min(1, NO_NAME).max(253, NO_NAME).optional(),
  })
  .nullish()
  .transform((body) => body ?? {});

/** Of what was sent so much is shown. */
const MAX_SHOWN = 40;

function noUuid(text: string): string {
  const shown = JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  return `${shown} can be no channel's; it takes characters of ASCII without spaces and colons, and at most 128`;
}

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
