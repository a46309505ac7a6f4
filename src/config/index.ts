export type { Advertised } from './advertise.ts';
export type { Box } from './box-schema.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { USUAL_FILES } from './file.ts';
export { CONFIG_DEFAULTS, type ConfigKey, environmentName } from './keys.ts';
export {
  type Flag,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
} from './load.ts';
export type { MinFree } from './min-free.ts';
export { changesForNextStart, takeUp } from './next-start.ts';
export type { Origin } from './origin.ts';
export { type PortRange, parsePortRange } from './port-range.ts';
export { type Config, configSchema } from './schema.ts';
export type { Setting } from './settings.ts';
export { formatSize, parseSize } from './size.ts';
export { socketPath } from './socket-path.ts';
export { type ImportedConfig, type ImportNote, importUpstreamConfig } from './upstream-config.ts';
