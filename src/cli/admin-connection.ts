import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { loadConfig, socketPath, USUAL_FILES } from '../config/index.ts';
import { RstError } from '../errors.ts';
import { AdminClient } from './admin-client.ts';

/** What commander makes of the flags that say which daemon is meant. */
export interface AdminFlags {
  socket?: string;
  config?: string;
}

/** Adds the flags that say which daemon is meant. */
export function withAdminFlags(command: Command): Command {
  return command
    .option(
      '--socket <path>',
      'the admin socket of the daemon (default: as its configuration says)',
    )
    .option(
      '-c, --config <file>',
      `the configuration of the daemon (default: ${USUAL_FILES.join(', else ')})`,
    );
}

/**
 * The client of the daemon that the flags mean. With `--socket` no configuration is read.
 *
 * @throws RstError RST_CONFIG, RST_USAGE, or RST_NOT_REACHABLE where the configuration says that it takes no commands
 */
export function adminClient({ socket, config: file }: AdminFlags): AdminClient {
  if (socket === '')
    throw new RstError(
      'RST_USAGE',
      '--socket takes the path of an admin socket, not an empty text.',
    );
  if (socket !== undefined)
    return new AdminClient({
      path: socket,
      hint: () => `Is the server running?${others(socket)}`,
    });
  const { config, source } = loadConfig({ file });
  const own = socketPath(config);
  const path = own && config.daemon.socket === 'auto' ? orOfService(own) : own;
  const from = source ?? 'the defaults, as there is no configuration file';
  if (path === null)
    throw new RstError(
      'RST_NOT_REACHABLE',
      `daemon.socket is "off" in ${from}, so the server takes no commands; turn it on, or name another server's with --socket.`,
    );
  return new AdminClient({
    path,
    hint: () =>
      `Is the server running? The path comes from ${from}; --config names another file, --socket the socket itself.${others(path)}`,
  });
}

/** Where conf/systemd/rst-server.service has its socket. */
const SERVICE_FOLDER = '/run/rst-server';

/** That of the systemd service, where there is one and none at `path`. */
function orOfService(path: string): string {
  const ofService = join(SERVICE_FOLDER, basename(path));
  return !existsSync(path) && existsSync(ofService) ? ofService : path;
}

/** Of further sockets that may be the one that was meant, so many are named. */
const MAX_NAMED = 3;

/** Where this machine has other sockets of the kind: those, as a sentence more. */
function others(than: string): string {
  const folders = new Set(['/run', SERVICE_FOLDER, process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp']);
  const found = [...folders]
    .flatMap((folder) => (folder ? socketsIn(folder) : []))
    .filter((path) => path !== than);
  return found.length > 0 ? ` Others are ${found.slice(0, MAX_NAMED).join(', ')}.` : '';
}

function socketsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^rst-server-\d+\.sock$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    // A folder that can't be read holds no socket for this user.
    return [];
  }
}
