import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenCall, ReservedPair } from '../../src/capture/index.ts';
import { startParts } from '../support/daemon-parts.ts';
import { type Tap, ulawPacket } from '../support/tap.ts';

const UUID = '0b6a7a52-7c3f-4f0e-9f51-5f1f7b1f0003';

/** The daemon's parts, and a way to make a worker die. */
async function start(t: TestContext) {
  const { tap, names, manifest, filed, pool, lines } = await startParts(t, { firstPort: 15_100 });
  return {
    tap,
    names,
    manifest,
    filed,
    /** Resolves once what a worker has left is final. */
    recovered: async () => {
      while (!lines.some(({ msg }) => msg === 'recording recovered')) await sleep(20);
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
      const { tap, names, manifest, filed, recovered, kill } = await start(t);
      const { readPort } = await tap.invite(UUID, form === 'port');
      const port = form === 'port' ? readPort : undefined;
      const part = `${UUID}-R.wav.part`;
      const written = (async () => {
        while (!(await names().catch(() => [] as string[])).includes(part)) await sleep(20);
      })();
      await streamUntil(tap, port, written);
      await kill();
      await filed(1);
      await recovered();
      const first = await manifest(UUID);
      assert.deepEqual([first.endReason, first.segment, first.caller], ['error', 1, '100']);
      assert.match(first.reason, /^its capture worker ended: /);
      assert.deepEqual([first.previous, first.next, first.files], [null, null, []]);
      const { R, W } = first.tracks;
      assert.deepEqual(
        [...R.files, ...W.files].map(({ path }) => path),
        [`2026-03-01/${UUID}-R.wav`, `2026-03-01/${UUID}-W.wav`],
      );
      assert.equal(R.samples, W.samples);
      assert.deepEqual(
        (await names()).filter((name) => /part$|journal$/.test(name)),
        [],
      );

      const going = (async () => {
        while (!(await names()).includes(`${UUID}.2-R.wav.part`)) await sleep(20);
      })();
      await streamUntil(tap, port, going);
      await tap.bye(UUID);
      await filed(2);
      const second = await manifest(`${UUID}.2`);
      assert.deepEqual([second.endReason, second.segment, second.caller], ['bye', 2, '100']);
      assert.ok(Number(second.tracks.R.packets) >= 3);
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
