import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from './schema.ts';

/** What fits into a `sockaddr_un` of Linux with the NUL behind it. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** What the place of the admin socket depends on besides the configuration. */
export interface SocketPlace {
  env?: Readonly<Record<string, string | undefined>>;
  isRoot?: boolean;
}

/**
 * The path of the admin socket, or null where `daemon.socket` is `"off"`. `"auto"` is
 * `rst-server-PORT.sock` in the `$RUNTIME_DIRECTORY` of a systemd service, else in `/run` for root, else
 * in `$XDG_RUNTIME_DIR`, else in the folder for temporary files. `controlPort`: the one that was bound, where `server.port` is 0.
 */
export function socketPath(
  { daemon, server }: Pick<Config, 'daemon' | 'server'>,
  controlPort: number = server.port,
  { env = process.env, isRoot = process.getuid?.() === 0 }: SocketPlace = {},
): string | null {
  if (daemon.socket === 'off') return null;
  if (daemon.socket !== 'auto') return daemon.socket;
  // A root shell has an XDG_RUNTIME_DIR and a service of root's has none; both must mean one place.
  const usual = isRoot ? '/run' : env.XDG_RUNTIME_DIR || tmpdir();
  // Of several the first: systemd parts them by colons.
  const folder = env.RUNTIME_DIRECTORY?.split(':')[0] || usual;
  return join(folder, `rst-server-${controlPort}.sock`);
}
