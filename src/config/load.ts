import { resolve } from 'node:path';
import { RstError } from '../errors.ts';
import { boxAddresses } from './box-addresses.ts';
import { readBoxPasswords } from './box-passwords.ts';
import { readEnvironment } from './environment.ts';
import { layBoxes } from './environment-boxes.ts';
import { readConfigFile } from './file.ts';
import type { Finding } from './finding.ts';
import { judgeBoxes } from './judge-boxes.ts';
import { judgeRules } from './judge-rules.ts';
import { judgeSettings } from './judge-settings.ts';
import { formatKeyPath } from './key-path.ts';
import type { ConfigKey } from './keys.ts';
import { Layers } from './layers.ts';
import { formatPlace, type Origin } from './origin.ts';
import { describeIssues, type Problem } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';

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
  /** Lists of tables in the place of the file's, written as in the file. */
  lists?: { freeswitch?: readonly unknown[]; rules?: readonly unknown[] };
  /** What relative paths start from. Default: the process's working directory. */
  cwd?: string;
}

export interface LoadedConfig {
  config: Config;
  /** The absolute path of the file that was read, or null where there was none. */
  source: string | null;
  /** Sentences about what is allowed but most likely not meant. */
  warnings: string[];
  /** By dotted key: `media.ports`, `freeswitch[0].host`. Passwords read "(hidden)". */
  settings: ReadonlyMap<string, Setting>;
}

/** What a configuration is read in. */
interface Surroundings {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The configuration: flags beat the environment, which beats the file, which beats the defaults.
 *
 * @throws RstError RST_CONFIG with one line for each problem, beginning with its place: `FILE:LINE:
 * section.key: …`, `environment RST_SECTION_KEY: …` or `--flag: …`. No line holds a password.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const { cwd = process.cwd(), env = process.env, flags = [], lists = {} } = options;
  const file = readConfigFile(options.file, cwd);
  const environment = readEnvironment(env);
  const layers = new Layers(file);
  for (const [key, { variable, text }] of environment.values)
    layers.set(key, text, { kind: 'environment', variable });
  for (const { flag, key, text } of flags) layers.set(key, text, { kind: 'flag', flag });
  for (const list of ['freeswitch', 'rules'] as const)
    if (lists[list]) layers.setList(list, lists[list], { kind: 'program' });
  const warnings = [...environment.warnings, ...layBoxes(layers, environment)];

  const result = configSchema.safeParse(layers.tables);
  if (!result.success) throw refusal(layers, describeIssues(result.error.issues, layers.tables));
  const config = result.data;
  const findings = complete(config, layers, { cwd, env });
  const refused = findings.filter(({ kind }) => kind === 'refused');
  if (refused.length > 0) throw refusal(layers, refused);
  warnings.push(...findings.map((finding) => say(layers, finding)));
  return { config, source: file?.path ?? null, warnings, settings: settingsOf(config, layers) };
}

/** Completes what the schema can't: paths, passwords and who may send. Returns what there is to say about it. */
function complete(config: Config, layers: Layers, { cwd, env }: Surroundings): Finding[] {
  const { daemon, esl, freeswitch, records, server } = config;
  records.dir = resolve(cwd, records.dir);
  if (records.fallbackDir !== null) records.fallbackDir = resolve(cwd, records.fallbackDir);
  if (daemon.socket !== 'auto' && daemon.socket !== 'off')
    daemon.socket = resolve(cwd, daemon.socket);
  if (server.allowsBoxes) server.allow.push(...boxAddresses(freeswitch));
  return [
    ...judgeSettings(config, { env }, (path) => layers.originOf(path).kind !== 'default'),
    ...judgeRules(config),
    ...readBoxPasswords(freeswitch, layers.listOf('freeswitch'), cwd),
    // Nobody listens to a password that is never sent.
    ...judgeBoxes(freeswitch).filter(({ kind }) => kind === 'refused' || esl.enabled),
  ];
}

/** One line for each problem, in the order of the file. */
function refusal(layers: Layers, problems: readonly Problem[]): RstError {
  const lines = problems
    .map((problem) => ({ line: lineOf(layers.placeOf(problem.path)), text: say(layers, problem) }))
    .sort((a, b) => a.line - b.line)
    .map(({ text }) => text);
  return new RstError('RST_CONFIG', lines.join('\n'));
}

function say(layers: Layers, { path, text }: Problem): string {
  return `${formatPlace(layers.placeOf(path), formatKeyPath(path))}: ${text}`;
}

function lineOf(origin: Origin): number {
  return origin.kind === 'file' ? origin.line : 0;
}
