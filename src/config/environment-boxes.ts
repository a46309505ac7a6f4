import type { EnvironmentSettings } from './environment.ts';
import { passwordVariable } from './keys.ts';
import type { Layers } from './layers.ts';
import { nearest } from './nearest.ts';
import { isTable } from './table.ts';

/**
 * Lays what the environment says about boxes over those of the file: `RST_FREESWITCH_HOST` and its
 * like describe the only box, whether the file has that or none, and `RST_FREESWITCH_<NAME>_PASSWORD`
 * is the password of the box of that name. Returns a sentence for each variable that fits no box.
 */
export function layBoxes(layers: Layers, { box, passwords }: EnvironmentSettings): string[] {
  const warnings: string[] = [];
  const count = layers.listOf('freeswitch').length;
  const [first] = box.values();
  if (layers.originOf(['freeswitch']).kind === 'program') {
    // The program has said which boxes there are.
  } else if (first && count > 1) {
    const all = [...box.values()].map(({ variable }) => variable).join(', ');
    warnings.push(
      `environment ${all}: ignored, because the file has ${count} boxes and this does not say which; only passwords can be given for a box, as RST_FREESWITCH_<NAME>_PASSWORD.`,
    );
  } else if (first && count === 0 && !box.has('host')) {
    warnings.push(
      `environment ${first.variable}: ignored, because without RST_FREESWITCH_HOST it is no box's.`,
    );
  } else {
    // A password from the environment beats one of the file, whichever way that gives it.
    if (PASSWORD_KEYS.some((key) => box.has(key))) forgetPassword(layers, 0);
    for (const [key, { variable, text }] of box)
      layers.setInList(['freeswitch', 0, key], text, { kind: 'environment', variable });
  }
  return [...warnings, ...layPasswords(layers, passwords)];
}

function layPasswords(layers: Layers, passwords: EnvironmentSettings['passwords']): string[] {
  const warnings: string[] = [];
  const variables = layers.listOf('freeswitch').map((box) => {
    const name = isTable(box) ? (box.name ?? box.host) : undefined;
    return typeof name === 'string' ? passwordVariable(name) : '';
  });
  for (const { variable, text } of passwords) {
    if (!variables.includes(variable)) {
      const near = nearest(variable, new Set(variables));
      warnings.push(
        `environment ${variable}: there is no box of that name, ignored${near ? `; did you mean ${near}?` : '.'}`,
      );
    }
    for (const [index, own] of variables.entries()) {
      if (own !== variable || isGivenByProgram(layers, index)) continue;
      forgetPassword(layers, index);
      layers.setInList(['freeswitch', index, 'password'], text, { kind: 'environment', variable });
    }
  }
  return warnings;
}

/** The program's own settings beat the environment. */
function isGivenByProgram(layers: Layers, index: number): boolean {
  return PASSWORD_KEYS.some(
    (key) => layers.originOf(['freeswitch', index, key]).kind === 'program',
  );
}

const PASSWORD_KEYS = ['password', 'password_file'];

function forgetPassword(layers: Layers, index: number): void {
  for (const key of PASSWORD_KEYS) layers.unsetInList(['freeswitch', index, key]);
}
