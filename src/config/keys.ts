import type { z } from 'zod';
import { LISTS, SECTIONS } from './schema.ts';

type Sections = typeof SECTIONS;

/** A key as the file's reader would name it: `media.ports`, `records.flush_interval`, … */
export type ConfigKey = {
  [Section in keyof Sections]: `${Section}.${keyof Sections[Section] & string}`;
}[keyof Sections];

/** A list of tables, each written as `[[freeswitch]]` or `[[rules]]`. */
export type ListName = keyof typeof LISTS;

/** What is asked of one key's value: to be checked, to have a default, to say in words what it takes. */
export interface KeySchema {
  safeParse(value: unknown): { success: boolean };
  /** The default as one would write it in the file; undefined where there is none. */
  fallback: unknown;
  /** Continues "must be …". */
  takes: string;
}

/** Every key of the tables of this release, in the order of the file. */
export const KEYS: ReadonlyMap<ConfigKey, KeySchema> = new Map(
  Object.entries(SECTIONS).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, schema]): [ConfigKey, KeySchema] => [
      `${section}.${key}` as ConfigKey,
      keySchema(schema, schema.def.defaultValue),
    ]),
  ),
);

/** Every key that a table of a list takes, in the order of the file. */
export const LIST_KEYS: Readonly<Record<ListName, ReadonlyMap<string, KeySchema>>> = {
  freeswitch: listKeys(LISTS.freeswitch),
  rules: listKeys(LISTS.rules),
};

/** The default of every key as one would write it in the file; that of `daemon.node` is the host name. */
export const CONFIG_DEFAULTS = Object.fromEntries(
  [...KEYS].map(([key, { fallback }]) => [key, fallback]),
) as Readonly<Record<ConfigKey, unknown>>;

/** True where `text` names a key of this release's tables. */
export function isConfigKey(text: string): text is ConfigKey {
  return KEYS.has(text as ConfigKey);
}

/** `media.port_rest` is `RST_MEDIA_PORT_REST` in the environment. */
export function environmentName(key: ConfigKey): string {
  return `RST_${key.replace('.', '_').toUpperCase()}`;
}

/** `port` of the one box that the environment describes is `RST_FREESWITCH_PORT`. */
export function boxVariable(key: string): string {
  return `RST_FREESWITCH_${key.toUpperCase()}`;
}

/** The password of the box called `fs-1` is `RST_FREESWITCH_FS_1_PASSWORD`. */
export function passwordVariable(boxName: string): string {
  return `RST_FREESWITCH_${boxName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_PASSWORD`;
}

function listKeys(keys: Readonly<Record<string, z.ZodType>>): ReadonlyMap<string, KeySchema> {
  return new Map(
    Object.entries(keys).map(([key, schema]) => [
      key,
      keySchema(schema, 'defaultValue' in schema.def ? schema.def.defaultValue : undefined),
    ]),
  );
}

function keySchema(schema: z.ZodType, fallback: unknown): KeySchema {
  return {
    safeParse: (value) => schema.safeParse(value),
    fallback,
    takes: schema.description as string,
  };
}
