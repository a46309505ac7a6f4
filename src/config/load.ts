import { resolve } from 'node:path';
import { RstError } from '../errors.ts';
import { readEnvironment } from './environment.ts';
import { readConfigFile } from './file.ts';
import { type ConfigKey, KEYS } from './keys.ts';
import { Layers } from './layers.ts';
import { judgeMediaPorts } from './media-ports.ts';
import { formatPlace, type Origin } from './origin.ts';
import { describeIssues } from './problems.ts';
import { type Config, configSchema } from './schema.ts';

/** One setting from the command line: `{ flag: '--media-ports', key: 'media.ports', text: '20000-20100' }`. */
export interface Flag {
  flag: string;
  key: ConfigKey;
  text: string;
}

export interface LoadOptions {
  /** What `--config` named; without it the usual places are looked at. */
  file?: string | undefined;
  /** Default: the process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
  flags?: readonly Flag[];
  /** What relative paths start from. Default: the process's working directory. */
  cwd?: string;
}

/** The effective value of one key, as one would write it in the file, and where it came from. */
export interface Setting {
  value: unknown;
  origin: Origin;
}

export interface LoadedConfig {
  config: Config;
  /** The absolute path of the file that was read, or null where there was none. */
  source: string | null;
  /** Sentences about what is allowed but most likely not meant. */
  warnings: string[];
  settings: ReadonlyMap<ConfigKey, Setting>;
}

/**
 * The configuration: flags beat the environment, which beats the file, which beats the defaults.
 *
 * @throws RstError RST_CONFIG with one line for each problem, beginning with its place: `FILE:LINE:
 * section.key: …`, `environment RST_SECTION_KEY: …` or `--flag: …`
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const cwd = options.cwd ?? process.cwd();
  const file = readConfigFile(options.file, cwd);
  const environment = readEnvironment(options.env ?? process.env);
  const layers = new Layers(file);
  for (const [key, { variable, text }] of environment.values)
    layers.set(key, text, { kind: 'environment', variable });
  for (const { flag, key, text } of options.flags ?? [])
    layers.set(key, text, { kind: 'flag', flag });
  const say = (path: string, text: string) =>
    `${formatPlace(layers.originOf(path), path)}: ${text}`;

  const result = configSchema.safeParse(layers.tables);
  if (!result.success) {
    const lines = describeIssues(result.error.issues, layers.tables)
      .sort((a, b) => layers.lineOf(a.path) - layers.lineOf(b.path))
      .map(({ path, text }) => say(path, text));
    throw new RstError('RST_CONFIG', lines.join('\n'));
  }
  const config = result.data;
  config.records.dir = resolve(cwd, config.records.dir);

  const warnings = [...environment.warnings];
  const verdict = judgeMediaPorts(config.media.ports, config.server.port);
  if (verdict.kind === 'refused') {
    // Whichever of the two was set is the one to look at.
    const isRangeSet = layers.originOf('media.ports').kind !== 'default';
    throw new RstError('RST_CONFIG', say(isRangeSet ? 'media.ports' : 'server.port', verdict.text));
  }
  if (verdict.kind === 'doubtful') warnings.push(say('media.ports', verdict.text));

  const settings = new Map<ConfigKey, Setting>();
  for (const key of KEYS.keys())
    settings.set(key, {
      value: key === 'records.dir' ? config.records.dir : layers.valueOf(key),
      origin: layers.originOf(key),
    });
  return { config, source: file?.path ?? null, warnings, settings };
}
