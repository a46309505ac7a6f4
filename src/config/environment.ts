import { boxVariable, type ConfigKey, environmentName, KEYS, LIST_KEYS } from './keys.ts';
import { nearest } from './nearest.ts';

/** The text of one variable. */
export interface EnvironmentValue {
  variable: string;
  text: string;
}

export interface EnvironmentSettings {
  values: Map<ConfigKey, EnvironmentValue>;
  /** `RST_FREESWITCH_HOST` and its like, by the key of `[[freeswitch]]`: one box. */
  box: Map<string, EnvironmentValue>;
  /** `RST_FREESWITCH_<NAME>_PASSWORD`: which box that is, only the boxes can tell. */
  passwords: EnvironmentValue[];
  warnings: string[];
}

/** Variables of this project that are no configuration: RST_DEBUG shows the stack of unexpected errors. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['RST_DEBUG']);

/**
 * Kubernetes gives every pod the address of a service called `rst-server` as
 * `RST_SERVER_PORT=udp://10.0.0.1:9527`, which is the name of `server.port` by accident.
 */
const KUBERNETES_PORTS: ReadonlySet<string> = new Set(['RST_SERVER_PORT', 'RST_FREESWITCH_PORT']);
const KUBERNETES_ADDRESS = /^(tcp|udp|sctp):\/\//;

/** The settings among the environment's variables. An empty variable counts as not set. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): EnvironmentSettings {
  const byVariable = new Map([...KEYS.keys()].map((key) => [environmentName(key), key]));
  const ofBox = new Map([...LIST_KEYS.freeswitch.keys()].map((key) => [boxVariable(key), key]));
  const settings: EnvironmentSettings = {
    values: new Map(),
    box: new Map(),
    passwords: [],
    warnings: [],
  };
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('RST_') || !text || NO_SETTINGS.has(variable)) continue;
    const key = byVariable.get(variable);
    const boxKey = ofBox.get(variable);
    if (KUBERNETES_PORTS.has(variable) && KUBERNETES_ADDRESS.test(text)) {
      settings.warnings.push(
        `environment ${variable}: ${JSON.stringify(text)} is the address of a Kubernetes service, not a port, ignored; enableServiceLinks: false in the pod keeps it away.`,
      );
    } else if (key) {
      settings.values.set(key, { variable, text });
    } else if (boxKey) {
      settings.box.set(boxKey, { variable, text });
    } else if (/^RST_FREESWITCH_.+_PASSWORD$/.test(variable)) {
      settings.passwords.push({ variable, text });
    } else {
      const near = nearest(variable, [...byVariable.keys(), ...ofBox.keys()]);
      settings.warnings.push(
        `environment ${variable}: no setting of this release, ignored${near ? `; did you mean ${near}?` : '.'}`,
      );
    }
  }
  return settings;
}
