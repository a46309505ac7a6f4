import { type LoadedConfig, USUAL_FILES } from '../config/index.ts';
import type { Verdict } from './check.ts';
import { fromSentence, ok } from './verdict.ts';

const LOOK = '"rst-server check-config" shows every value and where it comes from';

/** What was loaded, and what is allowed there but most likely not meant. */
export function checkConfiguration({ source, warnings }: LoadedConfig): Verdict[] {
  const file = source ?? `no file (looked for ${USUAL_FILES.join(' and ')}), the defaults`;
  return [ok(file), ...warnings.map((sentence) => fromSentence('warning', sentence, LOOK))];
}
