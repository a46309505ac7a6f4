import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../log.ts';
import type { Backend } from './backend.ts';
import { claimSocketPath, refusal } from './claim-socket-path.ts';

export interface AdminSocketOptions {
  backend: Backend;
  log: Log;
}

/** Nobody but the user of the daemon may connect: whoever can may end calls. */
const SOCKET_MODE = 0o600;
/** What the socket is made with keeps others out from the start; a folder that a thread makes meanwhile stays usable. */
const SOCKET_UMASK = 0o077;
/** Requests that are under way have this long to be answered when it closes. */
const GRACE_MS = 1_000;
/** Commands, not a crowd: no number of connections may take the descriptors that calls need. */
const MAX_CONNECTIONS = 64;

/** The API on a Unix socket of mode 0600, for the commands on this machine. */
export class AdminSocket {
  readonly #options: AdminSocketOptions;
  #app: FastifyInstance | null = null;
  #server: Server | null = null;
  #path: string | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: AdminSocketOptions) {
    this.#options = options;
  }

  /** Where it listens; null where it does not. */
  get path(): string | null {
    return this.#path;
  }

  /**
   * Resolves when commands are taken; with null for a path it takes none. What a dead daemon left at
   * `path` is removed.
   *
   * @throws RstError RST_SOCKET_IN_USE or RST_NOT_WRITABLE, or the reason of `signal`, with nothing left
   *   listening
   */
  async start(path: string | null, signal?: AbortSignal): Promise<void> {
    if (path === null) return;
    try {
      await this.#start(path, signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Lets requests that are under way end, but not for long. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(path: string, signal: AbortSignal | undefined): Promise<void> {
    // Only here, because who embeds a server without a socket has no use for fastify.
    const { buildApp } = await import('./app.ts');
    signal?.throwIfAborted();
    const app = buildApp(this.#options);
    this.#app = app;
    await app.ready();
    await claimSocketPath(path);
    signal?.throwIfAborted();
    const server = createServer(app.routing);
    server.maxConnections = MAX_CONNECTIONS;
    await listen(server, path);
    // What one connection meets concerns no other.
    server.on('error', (error) => this.#options.log.warn({ err: error }, 'admin socket'));
    this.#server = server;
    this.#path = path;
    if (this.#closed !== null) await this.#close();
  }

  async #close(): Promise<void> {
    if (this.#server) await closeServer(this.#server);
    this.#path = null;
    await this.#app?.close();
  }
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening');
  const umask = process.umask(SOCKET_UMASK);
  try {
    // Binds in the call itself, so the umask is another one for no longer than that.
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  try {
    await listening;
    chmodSync(path, SOCKET_MODE);
  } catch (error) {
    throw refusal(path, error);
  }
}

async function closeServer(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await ended;
  clearTimeout(grace);
}
