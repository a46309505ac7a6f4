import { hostname } from 'node:os';
import { z } from 'zod';
import { errorText } from '../errors.ts';
import { DURATION_FORM, formatDuration, parseDuration } from './duration.ts';
import { isHost } from './host.ts';
import { isNameTemplate } from './name-template.ts';
import { isNetwork, NETWORK_FORM } from './network.ts';
import { PORT_RANGE_FORM, parsePortRange } from './port-range.ts';
import { formatSize, parseSize, SIZE_FORM } from './size.ts';
import { isTimeZone } from './time-zone.ts';

/** Node's timers take 31 bits of milliseconds and fire at once beyond them; this is the last whole day below. */
const MAX_TIMER_MS = 24 * 86_400_000;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const L16_RATES_HZ = [8000, 16000, 24000, 32000, 48000] as const;
const SOURCE_LOCKS = ['address', 'strict', 'off'] as const;
const FORMATS = ['wav', 'pcm', 'raw', 'stereo'] as const;

/** Every key as the file spells it: its type, its default as one would write it, and in words what it takes. */
export const SECTIONS = {
  daemon: {
    node: z
      .string()
      .regex(/^[^\s/\\\p{Cc}]{1,253}$/u)
      .prefault(hostname)
      .describe('a name of 1 to 253 characters without spaces and slashes'),
    shutdown_timeout: duration('30s', 100),
  },
  log: {
    level: z.enum(LOG_LEVELS).prefault('info').describe(oneOf(LOG_LEVELS)),
    mask_numbers: z.boolean().prefault(false).describe('true or false'),
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
      .prefault(['127.0.0.0/8', '::1'])
      .describe(`a list of at least one, ${NETWORK_FORM}`),
    receive_buffer: size('8MB', 4096, 2 ** 30),
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
    receiver: z.enum(['auto', 'dgram']).prefault('auto').describe('"auto" or "dgram"'),
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
  },
  records: {
    dir: z
      .string()
      .regex(/^[^\0]*[^\0\s][^\0]*$/)
      .prefault('./records')
      .describe('the path of a folder'),
    timezone: z
      .string()
      .refine(isTimeZone)
      .prefault('local')
      .describe('"local", "UTC" or a zone of the IANA database such as "Europe/Berlin"'),
    formats: z
      .array(z.enum(FORMATS))
      .min(1)
      .refine((formats) => new Set(formats).size === formats.length)
      .prefault(['wav'])
      .describe('a list of "wav", "pcm", "raw" and "stereo", at least one and each once'),
    wav_codec: z.enum(['pcm', 'native']).prefault('pcm').describe('"pcm" or "native"'),
    hex: z.boolean().prefault(false).describe('true or false'),
    name: z
      .string()
      .refine(isNameTemplate)
      .prefault('{date}/{uuid}')
      .describe(
        'a path below records.dir of letters, digits, "_", "-", "." and the fields {date}, {time}, {uuid}, {caller}, {callee}, {box}, {node} and {direction}; no part of it begins with a dot',
      ),
    flush_interval: duration('1s', 50, 60_000),
    sync: z.enum(['close', 'none']).prefault('close').describe('"close" or "none"'),
  },
};

/** The one schema: the tables of the file in, the typed configuration with its units in the names out. */
export const configSchema = z.strictObject({
  daemon: z
    .strictObject(SECTIONS.daemon)
    .transform((daemon) => ({ node: daemon.node, shutdownTimeoutMs: daemon.shutdown_timeout }))
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
      receiveBufferBytes: server.receive_buffer,
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
    }))
    .prefault({}),
  records: z
    .strictObject(SECTIONS.records)
    .transform((records) => ({
      dir: records.dir,
      timezone: records.timezone,
      formats: records.formats,
      wavCodec: records.wav_codec,
      hex: records.hex,
      name: records.name,
      flushIntervalMs: records.flush_interval,
      sync: records.sync,
    }))
    .prefault({}),
});

/** The whole configuration, checked. `records.dir` is absolute once `loadConfig` gave it. */
export type Config = z.output<typeof configSchema>;

/** A duration in milliseconds, written as text with a unit (or 0). */
function duration(fallback: string | 0, minMs = 0, maxMs = MAX_TIMER_MS, note = '') {
  const limits = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .union([z.string(), z.number()])
    .transform(read(parseDuration))
    .refine((durationMs) => durationMs >= minMs && durationMs <= maxMs)
    .prefault(fallback)
    .describe(`${DURATION_FORM}, from ${limits}${note}`);
}

/** A size in bytes, written as text with a unit or as a number of bytes. */
function size(fallback: string, minBytes: number, maxBytes: number) {
  const limits = `${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  return z
    .union([z.string(), z.number()])
    .transform(read(parseSize))
    .refine((sizeBytes) => sizeBytes >= minBytes && sizeBytes <= maxBytes)
    .prefault(fallback)
    .describe(`${SIZE_FORM}, from ${limits}`);
}

/** Lets a parser that throws be a step of the schema. */
function read<In, Out>(parse: (value: In) => Out) {
  return (value: In, context: z.RefinementCtx): Out => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: errorText(error) });
      return z.NEVER;
    }
  };
}

function oneOf(values: readonly (string | number)[]): string {
  return `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}
