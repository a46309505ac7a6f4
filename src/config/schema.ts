import { hostname } from 'node:os';
import { z } from 'zod';
import { BOX_KEYS, boxSchema } from './box-schema.ts';
import { duration, flag, formats, legs, MAX_TIMER_MS, oneOf, rate, read, size } from './fields.ts';
import { isHost } from './host.ts';
import { MIN_FREE_FORM, parseMinFree } from './min-free.ts';
import { isNameTemplate } from './name-template.ts';
import { isNetwork, NETWORK_FORM } from './network.ts';
import { PORT_RANGE_FORM, parsePortRange } from './port-range.ts';
import { RULE_KEYS, ruleSchema } from './rule-schema.ts';
import { isTimeZone } from './time-zone.ts';
import { isVariableName, plainVariableName, VARIABLE_FORM } from './variable-name.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const L16_RATES_HZ = [8000, 16000, 24000, 32000, 48000] as const;
const RECEIVERS = ['auto', 'batched', 'dgram'] as const;
const SYNCS = ['close', 'interval', 'none'] as const;
const SOURCE_LOCKS = ['address', 'strict', 'off'] as const;
/** Who may send where nobody says otherwise: this machine. */
export const ALLOW_DEFAULT: readonly string[] = ['127.0.0.0/8', '::1'];

/** Every key of the tables as the file spells it: its type, its default as one would write it, and in words what it takes. */
export const SECTIONS = {
  daemon: {
    node: z
      .string()
      .regex(/^[^\s/\\\p{Cc}]{1,253}$/u)
      .prefault(hostname)
      .describe('a name of 1 to 253 characters without spaces and slashes'),
    socket: z
      .string()
      .regex(/^[^\0]*[^\0\s][^\0]*$/)
      .prefault('auto')
      .describe('"auto", "off" or the path of a Unix socket'),
    shutdown_timeout: duration('30s', 100),
  },
  log: {
    level: z.enum(LOG_LEVELS).prefault('info').describe(oneOf(LOG_LEVELS)),
    mask_numbers: flag(false),
  },
  server: {
    host: z
      .string()
      .refine(isHost)
      .prefault('0.0.0.0')
      .describe('an IPv4 address, an IPv6 address without brackets, or a host name'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .prefault(9527)
      .describe('a whole number from 0 to 65535 (0: any free port)'),
    allow: z
      .array(z.string().refine(isNetwork))
      .min(1)
      .prefault([...ALLOW_DEFAULT])
      .describe(`a list of at least one, ${NETWORK_FORM}`),
    receive_buffer: size('32MB', 4096, 2 ** 30),
    max_inv_rate: rate(1000),
    max_garbage_rate: rate(100),
  },
  media: {
    ports: z
      .string()
      .transform(read(parsePortRange))
      .prefault('10000-16383')
      .describe(PORT_RANGE_FORM),
    port_rest: duration('30s'),
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(64)])
      .prefault('auto')
      .describe('"auto" or a whole number from 1 to 64'),
    receiver: z.enum(RECEIVERS).prefault('auto').describe(oneOf(RECEIVERS)),
    source_lock: z.enum(SOURCE_LOCKS).prefault('address').describe(oneOf(SOURCE_LOCKS)),
    l16_rate: z
      .union([z.literal('auto'), z.literal(L16_RATES_HZ)])
      .prefault('auto')
      .describe(oneOf(['auto', ...L16_RATES_HZ])),
  },
  calls: {
    idle_timeout: duration('60s', 1_000),
    no_media_timeout: duration('30s', 100),
    max_duration: duration(0, 0, MAX_TIMER_MS, ' (0: never)'),
    max_calls: z
      .int()
      .min(1)
      .max(1_000_000)
      .prefault(10_000)
      .describe('a whole number from 1 to 1000000'),
  },
  records: {
    dir: z
      .string()
      .regex(/^[^\0]*[^\0\s][^\0]*$/)
      .prefault('./records')
      .describe('the path of a folder'),
    min_free: z
      .union([z.string(), z.number()])
      .transform(read(parseMinFree))
      .prefault('1GB or 2%')
      .describe(MIN_FREE_FORM),
    fallback_dir: z
      .string()
      .regex(/^[^\0]*$/)
      .transform((dir) => dir.trim() || null)
      .prefault('')
      .describe('the path of a folder on another disk, or "" for none'),
    timezone: z
      .string()
      .refine(isTimeZone)
      .prefault('local')
      .describe('"local", "UTC" or a zone of the IANA database such as "Europe/Berlin"'),
    formats: formats()
      .prefault(['wav'])
      .describe(formats().description as string),
    wav_codec: z.enum(['pcm', 'native']).prefault('pcm').describe('"pcm" or "native"'),
    hex: flag(false),
    name: z
      .string()
      .refine(isNameTemplate)
      .prefault('{date}/{uuid}')
      .describe(
        'a path below records.dir of letters, digits, "_", "-", "." and the fields {date}, {time}, {uuid}, {caller}, {callee}, {box}, {node} and {direction}; no part of it begins with a dot',
      ),
    flush_interval: duration('1s', 50, 60_000),
    max_buffer: size('256MB', 1e6, 64e9),
    sync: z.enum(SYNCS).prefault('close').describe(oneOf(SYNCS)),
  },
  esl: {
    enabled: flag(true),
    connect_timeout: duration('5s', 100, 60_000),
    command_timeout: duration('5s', 100, 60_000),
    heartbeat_timeout: duration('60s', 1_000),
    reconnect_min: duration('1s', 100),
    reconnect_max: duration('30s', 100),
  },
  trigger: {
    confirm_timeout: duration('2s', 100, 60_000),
    legs: legs()
      .prefault('a')
      .describe(legs().description as string),
    variables: z
      .array(z.string().refine(isVariableName).transform(plainVariableName))
      .prefault([])
      .describe(`a list, each ${VARIABLE_FORM}`),
  },
};

/** The keys of each table of a list of tables. */
export const LISTS = { freeswitch: BOX_KEYS, rules: RULE_KEYS };

/** The one schema: the tables of the file in, the typed configuration with its units in the names out. */
export const configSchema = z.strictObject({
  daemon: z
    .strictObject(SECTIONS.daemon)
    .transform((daemon) => ({
      node: daemon.node,
      socket: daemon.socket,
      shutdownTimeoutMs: daemon.shutdown_timeout,
    }))
    .prefault({}),
  log: z
    .strictObject(SECTIONS.log)
    .transform((log) => ({ level: log.level, maskNumbers: log.mask_numbers }))
    .prefault({}),
  server: z
    .strictObject(SECTIONS.server)
    .transform((server) => ({
      host: server.host,
      port: server.port,
      allow: server.allow,
      allowsBoxes: isDefaultAllow(server.allow),
      receiveBufferBytes: server.receive_buffer,
      rates: {
        callsPerSecond: server.max_inv_rate,
        garbagePerSecond: server.max_garbage_rate,
      },
    }))
    .prefault({}),
  media: z
    .strictObject(SECTIONS.media)
    .transform((media) => ({
      ports: media.ports,
      portRestMs: media.port_rest,
      workers: media.workers,
      receiver: media.receiver,
      sourceLock: media.source_lock,
      l16RateHz: media.l16_rate,
    }))
    .prefault({}),
  calls: z
    .strictObject(SECTIONS.calls)
    .transform((calls) => ({
      idleTimeoutMs: calls.idle_timeout,
      noMediaTimeoutMs: calls.no_media_timeout,
      maxDurationMs: calls.max_duration,
      maxCalls: calls.max_calls,
    }))
    .prefault({}),
  records: z
    .strictObject(SECTIONS.records)
    .transform((records) => ({
      dir: records.dir,
      minFree: records.min_free,
      fallbackDir: records.fallback_dir,
      timezone: records.timezone,
      formats: records.formats,
      wavCodec: records.wav_codec,
      hex: records.hex,
      name: records.name,
      flushIntervalMs: records.flush_interval,
      maxBufferBytes: records.max_buffer,
      sync: records.sync,
    }))
    .prefault({}),
  esl: z
    .strictObject(SECTIONS.esl)
    .transform((esl) => ({
      enabled: esl.enabled,
      connectTimeoutMs: esl.connect_timeout,
      commandTimeoutMs: esl.command_timeout,
      heartbeatTimeoutMs: esl.heartbeat_timeout,
      reconnectMinMs: esl.reconnect_min,
      reconnectMaxMs: esl.reconnect_max,
    }))
    .prefault({}),
  trigger: z
    .strictObject(SECTIONS.trigger)
    .transform((trigger) => ({
      confirmTimeoutMs: trigger.confirm_timeout,
      legs: trigger.legs,
      variables: [...new Set(trigger.variables)],
    }))
    .prefault({}),
  freeswitch: z.array(boxSchema).prefault([]),
  rules: z.array(ruleSchema).prefault([]),
});

/**
 * The whole configuration, checked. What `loadConfig` does beyond the schema: `records.dir`,
 * `records.fallback_dir` and a path of `daemon.socket` are absolute, passwords are read from their files, and where `server.allow` is at
 * its default (`allowsBoxes`) it also has those of the enabled boxes whose host is an address.
 */
export type Config = z.output<typeof configSchema>;

function isDefaultAllow(allow: readonly string[]): boolean {
  return (
    allow.length === ALLOW_DEFAULT.length &&
    allow.every((network) => ALLOW_DEFAULT.includes(network))
  );
}
