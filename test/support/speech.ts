import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseWav } from '../../src/audio/index.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/speech');

export function speechPath(who: 'caller' | 'agent'): string {
  return join(FOLDER, `${who}.wav`);
}

/** What was played into the recorded calls: 16-bit, 8 kHz, 6 s. */
export function speech(who: 'caller' | 'agent'): Int16Array {
  return parseWav(readFileSync(speechPath(who))).samples;
}
