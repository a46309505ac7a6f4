export { formatDuration, parseDuration } from './duration.ts';
export { USUAL_FILES } from './file.ts';
export { CONFIG_DEFAULTS, type ConfigKey, environmentName } from './keys.ts';
export {
  type Flag,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type Setting,
} from './load.ts';
export type { Origin } from './origin.ts';
export { type PortRange, parsePortRange } from './port-range.ts';
export { type Config, configSchema } from './schema.ts';
export { formatSize, parseSize } from './size.ts';
export { type ImportedConfig, type ImportNote, importUpstreamConfig } from './upstream-config.ts';
