import { configSchema } from '../../src/config/index.ts';
import type { Surroundings } from '../../src/doctor/index.ts';

/** When it is, in these surroundings. */
export const NOW_MS = 1_700_000_000_000;

/** A machine where nothing is wrong, with a server on any free port; `tables` as in the configuration's file. */
export function surroundingsOf(
  tables: Record<string, unknown> = {},
  around: Partial<Surroundings> = {},
): Surroundings {
  return {
    config: configSchema.parse({ server: { host: '127.0.0.1', port: 0 }, ...tables }),
    platform: 'linux',
    systemFile: async () => null,
    systemCommand: async () => null,
    startServer: () => Promise.reject(new Error('no server is started here')),
    nowMs: () => NOW_MS,
    signal: new AbortController().signal,
    ...around,
  };
}
