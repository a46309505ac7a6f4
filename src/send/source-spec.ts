import { RstError } from '../errors.ts';

/** What a leg plays: a WAV file, a sine of `hz`, 16-bit noise that follows from `seed`, or silence. */
export type SourceSpec =
  | { kind: 'wav'; path: string }
  | { kind: 'tone'; hz: number }
  | { kind: 'noise'; seed: number }
  | { kind: 'silence' };

/**
 * Reads `tone:440`, `noise:7`, `silence` or the path of a WAV file (`./tone:440` is a path).
 *
 * @throws RstError RST_USAGE where the number behind `tone:` or `noise:` is none.
 */
export function parseSource(text: string): SourceSpec {
  if (text === 'silence') return { kind: 'silence' };
  const generated = /^(tone|noise):(.*)$/.exec(text);
  if (!generated) {
    if (text.trim() === '') throw new RstError('RST_USAGE', 'A source of audio must not be empty.');
    return { kind: 'wav', path: text };
  }
  const [, kind, argument = ''] = generated;
  const value = /^\d{1,10}$/.test(argument) ? Number(argument) : Number.NaN;
  if (kind === 'noise') {
    if (value <= 0xffffffff) return { kind: 'noise', seed: value };
    throw new RstError('RST_USAGE', `${text}: noise takes a whole number, for example noise:7.`);
  }
  if (value >= 1 && value <= 24_000) return { kind: 'tone', hz: value };
  throw new RstError('RST_USAGE', `${text}: tone takes whole hertz, for example tone:440.`);
}
