import { RstError } from '../errors.ts';
import { PCM } from './pcm.ts';
import type { SinkFormat } from './sink.ts';
import { WAV } from './wav.ts';

const FORMATS: readonly SinkFormat[] = [WAV, PCM];

/** The format of a name in `records.formats`. Throws `RST_CONFIG` for one that there isn't. */
export function formatOf(name: string): SinkFormat {
  const format = FORMATS.find((one) => one.name === name);
  if (format) return format;
  const known = FORMATS.map((one) => one.name).join(', ');
  throw new RstError('RST_CONFIG', `records.formats: there is no format "${name}"; use ${known}`);
}
