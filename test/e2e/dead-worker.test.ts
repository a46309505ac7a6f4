import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../src/archive/index.ts';
import { CallRegistry, Channels } from '../../src/call/index.ts';
import {
  AllowList,
  ControlSocket,
  monotonicFrom,
  type OpenCall,
  type ReservedPair,
  WorkerPool,
} from '../../src/capture/index.ts';
import { Filing } from '../../src/filing.ts';
import { createLog } from '../../src/log.ts';
import { Tap, ulawPacket } from '../support/tap.ts';

const HOST = '127.0.0.1';
const UUID = '0b6a7a52-7c3f-4f0e-9f51-5f1f7b1f0003';

/** The daemon's parts, put together so that a worker can be made to die. */
async function start(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'rst-records-'));
  const clockOrigin = process.hrtime.bigint();
  const now = monotonicFrom(clockOrigin);
  const allow = new AllowList(['127.0.0.0/8']);
  const filing = new Filing({ node: 'n', dir, timezone: 'UTC' });
  const filed: { wake(): void; count: number } = { wake: () => {}, count: 0 };
  const control = new ControlSocket(
    {
      inv: (...args) => registry.inv(...args),
      bye: (...args) => registry.bye(...args),
      data: (...args) => registry.data(...args),
      malformed: (...args) => registry.malformed(...args),
      refused: (...args) => registry.refused(...args),
    },
    now,
    allow,
  );
  const pool = new WorkerPool(
    {
      ports: { first: 12_400, last: 12_439 },
      workers: 1,
      setup: {
        clockOrigin,
        host: HOST,
        portRestMs: 300,
        flushIntervalMs: 20,
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
    },
  );
  const registry = new CallRegistry({
    pool,
    send: (message, to, isPaid) => control.send(message, to, isPaid),
    limits: { idleTimeoutMs: 60_000, noMediaTimeoutMs: 60_000, maxDurationMs: 0 },
    sourceLock: 'address',
    allow,
    channels: new Channels(),
    began: () => {},
    nameOf: ({ uuid }) => `2026-03-01/${uuid}`,
    now,
    archive: async (ended) => {
      await filing.file(ended);
      filed.count++;
      filed.wake();
    },
    archiveUntapped: (call) => filing.fileUntapped(call),
    log: createLog({ level: 'fatal', maskNumbers: false }),
  });
  await control.start(HOST, 0, 2 ** 20);
  pool.start();
  registry.start();
  await pool.ready();
  const tap = await Tap.open(control.address.port);
  t.after(async () => {
    await tap[Symbol.asyncDispose]();
    await registry.close();
    await pool.stop();
    await control.close();
    await rm(dir, { recursive: true });
  });
  return {
    tap,
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
    /** Has the worker throw over an order that no daemon gives. */
    kill: async () => {
      const pair = await new Promise<ReservedPair | null>((resolve) => pool.reservePair(resolve));
      pair?.thread.post({ kind: 'open', call: null as unknown as OpenCall });
    },
  };
}

/** Sends packets at their pace until `until` is settled. */
async function streamUntil(tap: Tap, port: number | undefined, until: Promise<unknown>) {
  let isOver = false;
  void until.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await tap.data(UUID, 'R', ulawPacket(), port);
    await sleep(20);
  }
}

describe('a call whose worker dies', () => {
  for (const form of ['port', 'old'] as const)
    test(`is filed with what is left of it, and goes on in the next segment (${form} form)`, async (t) => {
      const { tap, names, manifest, filed, kill } = await start(t);
      const { readPort } = await tap.invite(UUID, form === 'port');
      const port = form === 'port' ? readPort : undefined;
      const part = `${UUID}-R.wav.part`;
      const written = (async () => {
        while (!(await names().catch(() => [] as string[])).includes(part)) await sleep(20);
      })();
      await streamUntil(tap, port, written);
      await kill();
      await filed(1);
      const first = await manifest(UUID);
      assert.deepEqual([first.endReason, first.segment, first.caller], ['error', 1, '100']);
      assert.match(first.reason, /^its capture worker ended: /);
      assert.ok(first.warnings.some((text) => text.includes(`2026-03-01/${part}`)));
      assert.deepEqual([first.previous, first.next, first.files], [null, null, []]);
      const left = [`${UUID}-R.wav.part`, `${UUID}.journal`];
      assert.deepEqual(
        (await names()).filter((name) => left.includes(name)),
        left,
      );

      const going = (async () => {
        while (!(await names()).includes(`${UUID}.2-R.wav.part`)) await sleep(20);
      })();
      await streamUntil(tap, port, going);
      await tap.bye(UUID);
      await filed(2);
      const second = await manifest(`${UUID}.2`);
      assert.deepEqual([second.endReason, second.segment, second.caller], ['bye', 2, '100']);
      assert.ok(second.tracks.R.packets >= 3);
      assert.match(second.warnings.join(), /which had ended: its capture worker ended/);
      assert.equal(second.previous, first.recordId);
      assert.equal((await manifest(UUID)).next, second.recordId);
      assert.ok(!(await names()).includes(`${UUID}.2.journal`));
    });

  test('before anything was written is filed all the same, and leaves nothing to recover', async (t) => {
    const { tap, names, manifest, filed, kill } = await start(t);
    await tap.invite(UUID);
    await kill();
    await filed(1);
    const { endReason, warnings, durationMs } = await manifest(UUID);
    assert.deepEqual([endReason, durationMs], ['error', 0]);
    assert.ok(warnings.includes('no audio was written'));
    assert.deepEqual(await names(), [`${UUID}.json`]);
  });
});
