import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Manifest, Recovery } from '../../src/archive/index.ts';
import { CallRegistry, Channels } from '../../src/call/index.ts';
import {
  AllowList,
  ControlSocket,
  chooseReceiver,
  monotonicFrom,
  Peers,
  WorkerPool,
} from '../../src/capture/index.ts';
import { Filing } from '../../src/filing.ts';
import { createLog } from '../../src/log.ts';
import { expandName } from '../../src/recording/index.ts';
import { Tap } from './tap.ts';
import { WANTED_RECEIVER } from './wanted-receiver.ts';

const HOST = '127.0.0.1';

export interface PartsOptions {
  /** The first of 40 media ports. */
  firstPort: number;
  /** Of the files, behind the day. */
  name?: string;
}

/** The daemon's parts in this process, put together so that a test can tell calls what FreeSWITCH would. */
export async function startParts(t: TestContext, { firstPort, name = '{uuid}' }: PartsOptions) {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  const clockOrigin = process.hrtime.bigint();
  const now = monotonicFrom(clockOrigin);
  const allow = new AllowList(['127.0.0.0/8']);
  const peers = new Peers(allow);
  const filing = new Filing({
    isSynced: true,
    node: 'n',
    dir,
    timezone: 'UTC',
    left: (journal) => recovery.add(journal),
  });
  const filed: { wake(): void; count: number } = { wake: () => {}, count: 0 };
  const control = new ControlSocket(
    {
      inv: (...args) => registry.inv(...args),
      bye: (...args) => registry.bye(...args),
      data: (...args) => registry.data(...args),
      malformed: (...args) => registry.malformed(...args),
      limited: (...args) => registry.limited(...args),
      refused: (...args) => registry.refused(...args),
      overflowed: (...args) => registry.overflowed(...args),
    },
    now,
    peers,
  );
  const pool = new WorkerPool(
    {
      ports: { first: firstPort, last: firstPort + 39 },
      workers: 1,
      setup: {
        clockOrigin,
        host: HOST,
        portRestMs: 300,
        flushIntervalMs: 20,
        maxBufferBytes: 256e6,
        fallbackDir: null,
        l16Rate: 'auto',
        sourceLock: 'address',
        recording: { dir, formats: ['wav'], wavCodec: 'pcm', hex: false, sync: 'none' },
      },
    },
    {
      activity: (...args) => registry.activity(...args),
      finished: (...args) => registry.finished(...args),
      workerDied: (...args) => registry.workerDied(...args),
      lost: (...args) => registry.lost(...args),
      bindFailed: (...args) => registry.bindFailed(...args),
      strays: (...args) => registry.strays(...args),
      duplicates: (...args) => registry.duplicates(...args),
      resumed: (...args) => registry.resumed(...args),
      dropped: (...args) => registry.dropped(...args),
      disk: () => {},
    },
  );
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level: 'info',
    maskNumbers: false,
    stream: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const nextOf = () => null;
  const recovery = new Recovery({
    dir,
    fallbackDir: null,
    node: 'n',
    timezone: 'UTC',
    nextOf,
    log,
  });
  const channels = new Channels();
  const registry = new CallRegistry({
    node: 'n',
    notes: { write: () => {}, remove: () => {} },
    pool,
    send: (message, to, isPaid) => control.send(message, to, isPaid),
    catchUp: (uuid) => control.catchUp(uuid),
    overflowsBeside: (uuid) => control.overflowsBeside(uuid),
    limits: { idleTimeoutMs: 60_000, noMediaTimeoutMs: 60_000, maxDurationMs: 0, maxCalls: 1000 },
    sourceLock: 'address',
    peers,
    allow,
    channels,
    began: () => {},
    nameOf: ({ box, direction, ...facts }) =>
      expandName(
        `2026-03-01/${name}`,
        { ...facts, node: 'n', box: box ?? '', direction: direction ?? '' },
        'UTC',
      ),
    now,
    archive: async (ended) => {
      await filing.file(ended);
      filed.count++;
      filed.wake();
    },
    archiveUntapped: (call) => filing.fileUntapped(call),
    log,
  });
  const { name: receiver } = await chooseReceiver(WANTED_RECEIVER, now);
  await control.start(HOST, 0, 2 ** 20, receiver);
  pool.start(receiver);
  registry.start();
  await pool.ready();
  const tap = await Tap.open(control.address.port);
  t.after(async () => {
    await tap[Symbol.asyncDispose]();
    await registry.close();
    await pool.stop();
    await control.close();
    await recovery.close();
    await rm(dir, { recursive: true });
  });
  return {
    dir,
    registry,
    channels,
    pool,
    tap,
    now,
    lines,
    names: async () => (await readdir(join(dir, '2026-03-01'))).sort(),
    manifest: async (name: string) =>
      JSON.parse(await readFile(join(dir, '2026-03-01', `${name}.json`), 'utf8')) as Manifest,
    /** Resolves once so many calls in all are filed. */
    filed: async (count: number) => {
      while (filed.count < count)
        await new Promise<void>((resolve) => {
          filed.wake = resolve;
        });
    },
  };
}
