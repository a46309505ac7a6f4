import { z } from 'zod';
import { ADVERTISE_FORM, parseAdvertised } from './advertise.ts';
import { flag, read } from './fields.ts';
import { isHost } from './host.ts';

/** Every key of a `[[freeswitch]]`. */
export const BOX_KEYS = {
  name: z
    .string()
    .regex(/^[^\s/\\\p{Cc}]{1,253}$/u)
    .optional()
    .describe('a name of 1 to 253 characters without spaces and slashes'),
  host: z
    .string()
    .refine(isHost)
    .describe('an IPv4 address, an IPv6 address without brackets, or a host name'),
  port: z.int().min(1).max(65535).prefault(8021).describe('a whole number from 1 to 65535'),
  password: z
    .string()
    // A line end would begin a further header of the command that carries it.
    .regex(/^[^\r\n\0]+$/)
    .prefault('ClueCon')
    .describe('text in quotes, not empty and of one line'),
  password_file: z
    .string()
    .regex(/^[^\0]*[^\0\s][^\0]*$/)
    .optional()
    .describe('the path of a file'),
  user: z
    .string()
    .regex(/^[^\s@:\p{Cc}]+@[^\s@:\p{Cc}]+$/u)
    .optional()
    .describe('"USER@DOMAIN", a user of FreeSWITCH\'s directory'),
  advertise: z.string().transform(read(parseAdvertised)).optional().describe(ADVERTISE_FORM),
  stop_command: flag(false),
  enabled: flag(true),
};

/** One FreeSWITCH. Its password is the one written in the table, until `loadConfig` has read `password_file`. */
export const boxSchema = z.strictObject(BOX_KEYS).transform((box) => ({
  name: box.name ?? box.host,
  host: box.host,
  port: box.port,
  password: box.password,
  user: box.user ?? null,
  advertise: box.advertise ?? null,
  stopCommand: box.stop_command,
  enabled: box.enabled,
}));

export type Box = z.output<typeof boxSchema>;
