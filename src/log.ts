import pino from 'pino';
import { prettyFactory } from 'pino-pretty';

export type Log = pino.Logger;

export interface LogOptions {
  /** The lowest level that is written. */
  level: pino.Level;
  /** Shows the fields `caller` and `callee` as `138*****111`. */
  maskNumbers: boolean;
  /** JSON even on a terminal. */
  json?: boolean;
  /** Default: stdout. */
  stream?: pino.DestinationStream & { isTTY?: boolean };
}

/**
 * The log: one JSON object a line (`level` as text, `time` in RFC 3339), or lines for people where
 * the stream is a terminal.
 */
export function createLog({ level, maskNumbers, json, stream = process.stdout }: LogOptions): Log {
  const children = new Children();
  const log = pino(
    {
      level,
      onChild: (child) => children.add(child),
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Serializers and not a hook, because every child inherits them.
      serializers: maskNumbers ? { caller: maskField, callee: maskField } : {},
    },
    stream.isTTY && !json ? readable(stream) : stream,
  );
  CHILDREN.set(log, children);
  return log;
}

/** Sets the lowest level that is written, for every child of the log as well: each has a level of its own. */
export function setLevel(log: Log, level: pino.Level): void {
  log.level = level;
  for (const child of CHILDREN.get(log) ?? []) child.level = level;
}

const CHILDREN = new WeakMap<Log, Children>();

/** The children of a log that somebody still has. */
class Children {
  readonly #refs = new Set<WeakRef<Log>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Log>>((ref) => this.#refs.delete(ref));

  add(child: Log): void {
    const ref = new WeakRef(child);
    this.#refs.add(ref);
    this.#gone.register(child, ref);
  }

  *[Symbol.iterator](): Generator<Log> {
    for (const ref of this.#refs) {
      const child = ref.deref();
      if (child) yield child;
    }
  }
}

/** Hides a number's middle: the first and last three characters stay, of six and fewer none does. */
export function maskNumber(text: string): string {
  const characters = [...text];
  const shown = characters.length > 6 ? 3 : 0;
  const hidden = '*'.repeat(characters.length - 2 * shown);
  if (shown === 0) return hidden;
  return characters.slice(0, shown).join('') + hidden + characters.slice(-shown).join('');
}

/** Numbers come as text or digits; what is neither (null where nobody knows the caller) stays as it is. */
function maskField(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'number' ? maskNumber(String(value)) : value;
}

/** Formats in the call itself: a line written just before the process ends is not lost. */
function readable(stream: pino.DestinationStream): pino.DestinationStream {
  const format = prettyFactory({
    colorize: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    // pino-pretty takes `caller` for a place in the code and shows it in front, without its name.
    customPrettifiers: { caller: (caller) => `caller ${caller}` },
  });
  return { write: (line) => stream.write(format(JSON.parse(line, visible))) };
}

/**
 * What callers and networks say must not be obeyed by a terminal, nor begin a line of its own: control
 * characters become signs that show them (␊, ␛), those that turn text around �.
 */
function visible(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n' && key === 'stack') return character;
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '�';
  });
}
