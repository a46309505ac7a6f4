import assert from 'node:assert/strict';
import { FakeServer, type FakeServerOptions } from './fake-server.ts';
import { HostProcess, type Watcher } from './host-process.ts';

/** A host, the servers that its calls are tapped to, and what tests do with them. */
export class TapPlay {
  readonly host: HostProcess;
  readonly #servers: FakeServer[] = [];
  #calls = 0;

  private constructor(host: HostProcess) {
    this.host = host;
  }

  static async start(
    watcher: Watcher = 'asan',
    config: Record<string, string | number> = {},
  ): Promise<TapPlay> {
    return new TapPlay(await HostProcess.start(watcher, { 'ack-timeout-ms': 400, ...config }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
    await this.host.stop();
  }

  async serve(options: FakeServerOptions = {}): Promise<FakeServer> {
    const server = await FakeServer.open(options);
    this.#servers.push(server);
    return server;
  }

  /** A server that is there no more. */
  async close(server: FakeServer): Promise<void> {
    this.#servers.splice(this.#servers.indexOf(server), 1);
    await server[Symbol.asyncDispose]();
  }

  /** A call of that codec; its UUID. */
  async call(codec = 'PCMU'): Promise<string> {
    const uuid = `call-${++this.#calls}`;
    await this.host.run(`session ${uuid} ${codec}`);
    return uuid;
  }

  /** A call that is tapped to that port. */
  async tap(port: number, codec = 'PCMU', options = ''): Promise<string> {
    const uuid = await this.call(codec);
    const reply = await this.host.api(`uuid_rst ${uuid} 127.0.0.1 ${port} ${options}`);
    assert.match(reply, /^\+OK /);
    return uuid;
  }

  async hangUp(uuid: string): Promise<void> {
    await this.host.run(`hangup ${uuid}`);
    await this.host.event('rst::stop', uuid);
  }
}
