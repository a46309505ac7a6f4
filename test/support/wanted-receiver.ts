import { configSchema } from '../../src/config/index.ts';

/** `media.receiver` as the environment has it, for what a test opens in its own process. */
export const WANTED_RECEIVER = configSchema.parse({
  media: { receiver: process.env.RST_MEDIA_RECEIVER ?? 'auto' },
}).media.receiver;
