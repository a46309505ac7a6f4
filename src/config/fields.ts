import { z } from 'zod';
import { errorText } from '../errors.ts';
import { DURATION_FORM, formatDuration, parseDuration } from './duration.ts';
import { formatSize, parseSize, SIZE_FORM } from './size.ts';

// Kinds of values that several keys take, each with what it takes in words.

/** Node's timers take 31 bits of milliseconds and fire at once beyond them; this is the last whole day below. */
export const MAX_TIMER_MS = 24 * 86_400_000;

const FORMATS = ['wav', 'pcm', 'raw', 'stereo'] as const;

/** A list of formats of recordings. */
export function formats() {
  return z
    .array(z.enum(FORMATS))
    .min(1)
    .refine((list) => new Set(list).size === list.length)
    .describe('a list of "wav", "pcm", "raw" and "stereo", at least one and each once');
}

const LEGS = ['a', 'b', 'both'] as const;

/** Which channels of a call. */
export function legs() {
  return z.enum(LEGS).describe(oneOf(LEGS));
}

export function flag(fallback: boolean) {
  return z.boolean().prefault(fallback).describe('true or false');
}

/** A duration in milliseconds, written as text with a unit (or 0). */
export function duration(fallback: string | 0, minMs = 0, maxMs = MAX_TIMER_MS, note = '') {
  const limits = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .union([z.string(), z.number()])
    .transform(read(parseDuration))
    .refine((durationMs) => durationMs >= minMs && durationMs <= maxMs)
    .prefault(fallback)
    .describe(`${DURATION_FORM}, from ${limits}${note}`);
}

/** A size in bytes, written as text with a unit or as a number of bytes. */
export function size(fallback: string, minBytes: number, maxBytes: number) {
  const limits = `${formatSize(minBytes)} to ${formatSize(maxBytes)}`;
  return z
    .union([z.string(), z.number()])
    .transform(read(parseSize))
    .refine((sizeBytes) => sizeBytes >= minBytes && sizeBytes <= maxBytes)
    .prefault(fallback)
    .describe(`${SIZE_FORM}, from ${limits}`);
}

/** So many a second. */
export function rate(fallback: number) {
  return z
    .int()
    .min(0)
    .max(1_000_000)
    .prefault(fallback)
    .describe('a whole number from 0 to 1000000 (0: no limit)');
}

/** Lets a parser that throws be a step of the schema. */
export function read<In, Out>(parse: (value: In) => Out) {
  return (value: In, context: z.RefinementCtx): Out => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: errorText(error) });
      return z.NEVER;
    }
  };
}

/** In words, what an enumeration takes. */
export function oneOf(values: readonly (string | number)[]): string {
  return `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}
