import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AdminSocket, type Backend } from '../../src/http/index.ts';
import { createLog } from '../../src/log.ts';
import { stubBackend } from '../http/stub-backend.ts';

const COMMAND = join(import.meta.dirname, '../../bin/rst-server.ts');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** An admin socket with a daemon of these methods behind it, and the command to ask it with. */
export class AdminServer implements AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly #admin: AdminSocket;

  private constructor(folder: string, parts: Partial<Backend>) {
    this.folder = folder;
    this.path = join(folder, 'a.sock');
    const log = createLog({ level: 'info', maskNumbers: false, stream: { write: () => {} } });
    this.#admin = new AdminSocket({ backend: stubBackend(parts), log });
  }

  static async start(parts: Partial<Backend> = {}): Promise<AdminServer> {
    const server = new AdminServer(await mkdtemp(join(tmpdir(), 'rst-commands-')), parts);
    await server.#admin.start(server.path);
    return server;
  }

  /** Runs `rst-server` with these arguments against this server until it ends. */
  run(...args: string[]): Promise<Ended> {
    return ended(spawnCommand([...args, '--socket', this.path]));
  }

  /** The same, running. */
  spawn(...args: string[]): ChildProcess {
    return this.spawnWith([], ...args);
  }

  /** The same with flags for Node. */
  spawnWith(nodeFlags: string[], ...args: string[]): ChildProcess {
    return spawnCommand([...args, '--socket', this.path], {}, nodeFlags);
  }

  close(): Promise<void> {
    return this.#admin.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true });
  }
}

/** `rst-server` with these arguments, in an environment without settings. */
export function spawnCommand(
  args: string[],
  env: Record<string, string> = {},
  nodeFlags: string[] = [],
): ChildProcess {
  return spawn(process.execPath, [...nodeFlags, COMMAND, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}
