import { type ConfigKey, environmentName, KEYS } from './keys.ts';
import { nearest } from './nearest.ts';

export interface EnvironmentSettings {
  values: Map<ConfigKey, { variable: string; text: string }>;
  warnings: string[];
}

/** Variables of this project that are no configuration: RST_DEBUG shows the stack of unexpected errors. */
const NO_SETTINGS: ReadonlySet<string> = new Set(['RST_DEBUG']);

/**
 * Kubernetes gives every pod the address of a service called `rst-server` as
 * `RST_SERVER_PORT=udp://10.0.0.1:9527`, which is the name of `server.port` by accident.
 */
const KUBERNETES_ADDRESS = /^(tcp|udp|sctp):\/\//;

/** The settings among the environment's variables. An empty variable counts as not set. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): EnvironmentSettings {
  const byVariable = new Map([...KEYS.keys()].map((key) => [environmentName(key), key]));
  const settings: EnvironmentSettings = { values: new Map(), warnings: [] };
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('RST_') || !text || NO_SETTINGS.has(variable)) continue;
    const key = byVariable.get(variable);
    if (!key) {
      const near = nearest(variable, byVariable.keys());
      settings.warnings.push(
        `environment ${variable}: no setting of this release, ignored${near ? `; did you mean ${near}?` : '.'}`,
      );
    } else if (key === 'server.port' && KUBERNETES_ADDRESS.test(text)) {
      settings.warnings.push(
        `environment ${variable}: ${JSON.stringify(text)} is the address of a Kubernetes service, not a port, ignored; enableServiceLinks: false in the pod keeps it away.`,
      );
    } else {
      settings.values.set(key, { variable, text });
    }
  }
  return settings;
}
