import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, configSchema } from '../src/config/index.ts';
import { Daemon } from '../src/daemon.ts';
import { RstError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { sendCalls } from '../src/send/index.ts';
import { WANTED_RECEIVER } from './support/wanted-receiver.ts';

const LOG = createLog({ level: 'fatal', maskNumbers: false });

function configFor(dir: string): Config {
  return configSchema.parse({
    server: { host: '127.0.0.1', port: 0 },
    media: { ports: '12200-12399', workers: 2, receiver: WANTED_RECEIVER },
    records: { dir },
  });
}

async function openThings(): Promise<{
  descriptors: number;
  threads: number;
  resources: string[];
}> {
  return {
    descriptors: (await readdir('/proc/self/fd')).length,
    threads: (await readdir('/proc/self/task')).length,
    resources: process.getActiveResourcesInfo().sort(),
  };
}

test('20 starts and stops under load leave no socket, thread, timer or descriptor', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  const cycle = async () => {
    const daemon = new Daemon({ config: configFor(dir), log: LOG });
    await daemon.start();
    const calling = new AbortController();
    const sent = sendCalls(
      {
        host: '127.0.0.1',
        port: daemon.controlAddress.port,
        calls: 20,
        durationMs: 10_000,
        retryMs: 100,
      },
      {
        signal: calling.signal,
        onState: (_uuid, state) => {
          if (state === 'sending') sending.resolve();
        },
      },
    );
    await sending.promise;
    const closed = daemon.close('shutdown');
    assert.equal(daemon.close('shutdown'), closed, 'close is idempotent');
    await closed;
    calling.abort();
    await sent;
  };
  let sending = Promise.withResolvers<void>();
  // Lazy parts of the runtime (thread pool, resolver) come with the first cycles.
  for (let i = 0; i < 2; i++, sending = Promise.withResolvers()) await cycle();
  const before = await openThings();
  for (let i = 0; i < 20; i++, sending = Promise.withResolvers()) await cycle();
  assert.deepEqual(await openThings(), before);
  const names = await readdir(dir, { recursive: true });
  assert.deepEqual(
    names.filter((name) => /part|journal/.test(name)),
    [],
    'every recording is final',
  );
  await rm(dir, { recursive: true });
});

test('a start that is aborted leaves nothing behind', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  const before = await openThings();
  const abort = new AbortController();
  const daemon = new Daemon({ config: configFor(dir), log: LOG });
  const started = daemon.start(abort.signal);
  abort.abort();
  await assert.rejects(started, { name: 'AbortError' });
  await daemon.close('shutdown');
  assert.deepEqual(await openThings(), before);
  await rm(dir, { recursive: true });
});

test('a start on a port that is taken leaves nothing behind, and the other daemon running', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  await using first = new Daemon({ config: configFor(dir), log: LOG });
  await first.start();
  // It has looked for unfinished recordings.
  while (process.getActiveResourcesInfo().includes('FSReqCallback')) await delay(5);
  const before = await openThings();
  const config = configFor(dir);
  config.server.port = first.controlAddress.port;
  const second = new Daemon({ config, log: LOG });
  await assert.rejects(second.start(), (error) => {
    return error instanceof RstError && error.code === 'RST_PORT_IN_USE' && error.exitCode === 1;
  });
  assert.deepEqual(await openThings(), before);
  await rm(dir, { recursive: true });
});

test('a reload says what waits for a restart each time, and nothing once that is taken back', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  const config = configFor(dir);
  const changed = { ...config, media: { ...config.media, portRestMs: 1 } };
  let read = changed;
  const load = () => ({ config: read, source: null, warnings: [], settings: new Map() });
  await using daemon = new Daemon({ config, log: LOG, load });
  await daemon.start();
  const waits = ['[media] has changed; that takes effect with the next start'];
  assert.deepEqual(await daemon.reload(), waits);
  assert.deepEqual(await daemon.reload(), waits);
  read = config;
  assert.deepEqual(await daemon.reload(), []);
  await daemon.close('shutdown');
  await rm(dir, { recursive: true });
});
