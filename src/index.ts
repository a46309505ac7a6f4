import { devNull } from 'node:os';
import pino from 'pino';
import type { z } from 'zod';
import {
  CONFIG_DEFAULTS,
  type configSchema,
  type Flag,
  type LoadOptions,
  loadConfig,
} from './config/index.ts';
import { Daemon } from './daemon.ts';
import { RstError } from './errors.ts';
import type { Log } from './log.ts';

export type { CdrLine, Manifest, ManifestFile, ManifestTrack } from './archive/index.ts';
export {
  type Config,
  type ConfigKey,
  type Flag,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  type Origin,
  type Setting,
} from './config/index.ts';
export { type ErrorCode, RstError } from './errors.ts';
export type { Log } from './log.ts';
export {
  type AckMessage,
  type ByeMessage,
  type Codec,
  type ControlMessage,
  codecOf,
  DataHeader,
  type DataResult,
  formatControl,
  formatData,
  type InvMessage,
  isData,
  isUuid,
  type LegName,
  type Malformed,
  type MalformedReason,
  NO_PAYLOAD_TYPE,
  type PortPair,
  parseControl,
  parseData,
  payloadTypeOf,
  uuidEquals,
  uuidOf,
} from './protocol/index.ts';
export {
  type CallOutcome,
  type CallSummary,
  type LegSummary,
  parseSource,
  type SendCodec,
  type SendHooks,
  type SendOptions,
  type SendProgress,
  type SendSummary,
  type SendTotals,
  type SourceSpec,
  sendCalls,
  type TapState,
} from './send/index.ts';

/**
 * Settings by the names and in the units of the configuration file, grouped by its tables; what is left
 * out has its default: `{ server: { port: 9527 }, records: { dir: './records', flush_interval: '1s' } }`.
 */
export type Settings = z.input<typeof configSchema>;

export interface ServerOptions {
  /** Settings, or the path of a TOML file. Without it every setting has its default; no file is looked for. */
  config?: Settings | string;
  /** Where `RST_SECTION_KEY` variables are read, for example `process.env`: they beat a file, settings beat them. Default: nowhere. */
  env?: Readonly<Record<string, string | undefined>>;
  /** A pino logger, used as it is (`log.level` and `log.mask_numbers` are for the command). Default: nothing is logged. */
  log?: Log;
}

/**
 * A capture server inside of your process. It starts once and closes once; it handles no signals, so
 * call `close` before the process ends, or its recordings keep their `.part` names.
 */
export interface Server extends AsyncDisposable {
  /** The UDP address and port of the control port; `''` and 0 before the server is started. */
  readonly controlAddress: { address: string; port: number };
  /**
   * Resolves when calls are taken. After a rejection nothing is left open.
   *
   * @throws RstError RST_NOT_WRITABLE (`records.dir`), RST_PORT_IN_USE, RST_ADDRESS (`server.host`), or the
   *   reason of `signal` where that ended the start
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Ends every call, makes its recording final and lets go of sockets and threads. Idempotent. */
  close(): Promise<void>;
}

/**
 * A capture server for embedding: the daemon of `rst-server start`. Nothing is opened before `start`.
 *
 *     await using server = createServer({ config: { records: { dir: './records' } } });
 *     await server.start();
 *
 * @throws RstError RST_CONFIG with one line for each setting that cannot be
 */
export function createServer(options: ServerOptions = {}): Server {
  const { config: given = {}, env = {}, log = pino({ enabled: false }) } = options;
  const { config, warnings } = loadConfig(
    typeof given === 'string' ? { file: given, env } : { env, ...loadOptionsOf(given) },
  );
  for (const warning of warnings) log.warn(warning);
  const daemon = new Daemon({ config, log });
  const close = () => daemon.close('shutdown');
  return {
    get controlAddress() {
      return daemon.controlAddress;
    },
    start: (signal) => daemon.start(signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Settings as flags and lists, whose problems are told by the name of their key. */
function loadOptionsOf({ freeswitch, rules, ...sections }: Settings): LoadOptions {
  const flags = flagsOf(sections);
  // A socket for the commands is what a daemon has; a process with a server in it may want one.
  if (sections.daemon?.socket === undefined)
    flags.push({ flag: 'daemon.socket', key: 'daemon.socket', text: 'off' });
  const lists = { ...(freeswitch && { freeswitch }), ...(rules && { rules }) };
  // The null device is an empty file: without one the usual places would be looked at.
  return { file: devNull, flags, lists };
}

function flagsOf(settings: Omit<Settings, 'freeswitch' | 'rules'>): Flag[] {
  const flags: Flag[] = [];
  for (const [section, table] of Object.entries(settings))
    for (const [name, value] of Object.entries(table ?? {})) {
      const key = `${section}.${name}`;
      if (!isKey(key))
        throw new RstError('RST_CONFIG', `${key}: no such key; see conf/rst-server.toml`);
      if (value !== undefined)
        // A list becomes "wav,pcm", which is how a flag spells it.
        flags.push({ flag: key, key, text: String(value) });
    }
  return flags;
}

function isKey(text: string): text is keyof typeof CONFIG_DEFAULTS {
  return Object.hasOwn(CONFIG_DEFAULTS, text);
}
