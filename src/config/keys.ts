import { SECTIONS } from './schema.ts';

type Sections = typeof SECTIONS;

/** A key as the file's reader would name it: `media.ports`, `records.flush_interval`, … */
export type ConfigKey = {
  [Section in keyof Sections]: `${Section}.${keyof Sections[Section] & string}`;
}[keyof Sections];

/** What is asked of one key's value: to be checked, to have a default, to say in words what it takes. */
export interface KeySchema {
  safeParse(value: unknown): { success: boolean };
  /** The default as one would write it in the file. */
  fallback: unknown;
  /** Continues "must be …". */
  takes: string;
}

/** Every key of this release, in the order of the file. */
export const KEYS: ReadonlyMap<ConfigKey, KeySchema> = new Map(
  Object.entries(SECTIONS).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, schema]): [ConfigKey, KeySchema] => [
      `${section}.${key}` as ConfigKey,
      {
        safeParse: (value) => schema.safeParse(value),
        fallback: schema.def.defaultValue,
        takes: schema.description as string,
      },
    ]),
  ),
);

/** The default of every key as one would write it in the file; that of `daemon.node` is the host name. */
export const CONFIG_DEFAULTS = Object.fromEntries(
  [...KEYS].map(([key, { fallback }]) => [key, fallback]),
) as Readonly<Record<ConfigKey, unknown>>;

/** True where `text` names a key of this release. */
export function isConfigKey(text: string): text is ConfigKey {
  return KEYS.has(text as ConfigKey);
}

/** `media.port_rest` is `RST_MEDIA_PORT_REST` in the environment. */
export function environmentName(key: ConfigKey): string {
  return `RST_${key.replace('.', '_').toUpperCase()}`;
}
