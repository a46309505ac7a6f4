import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Paced, Pacer } from '../../src/send/pacer.ts';

/** Something due every `everyMs`, `times` times; keeps when it was run against when it was due. */
class Metronome implements Paced {
  dueMs: number;
  readonly lateMs: number[] = [];
  readonly done: Promise<void>;
  readonly #everyMs: number;
  #left: number;
  #onDone = (): void => {};

  constructor(startMs: number, everyMs: number, times: number) {
    this.dueMs = startMs;
    this.#everyMs = everyMs;
    this.#left = times;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#onDone = resolve;
  }

  advance(nowMs: number): void {
    this.lateMs.push(nowMs - this.dueMs);
    this.dueMs = --this.#left > 0 ? this.dueMs + this.#everyMs : Number.POSITIVE_INFINITY;
    if (this.#left === 0) this.#onDone();
  }
}

describe('the pacer', () => {
  test('runs each thing at its own times, never early, and does not drift', async () => {
    const pacer = new Pacer();
    const startMs = pacer.nowMs();
    const metronomes = [3, 7, 20].map((everyMs) => new Metronome(startMs + 5, everyMs, 15));
    for (const metronome of metronomes) pacer.add(metronome);
    await Promise.all(metronomes.map(({ done }) => done));
    const tookMs = pacer.nowMs() - startMs;
    pacer.close();
    assert.ok(tookMs >= 5 + 14 * 20);
    for (const { lateMs } of metronomes) {
      assert.equal(lateMs.length, 15);
      assert.ok(lateMs.every((late) => late >= 0));
    }
    assert.equal(pacer.worstLateMs, Math.max(...metronomes.flatMap(({ lateMs }) => lateMs)));
  });

  test('wakes up earlier where something comes closer, and lets go what was removed', async () => {
    const pacer = new Pacer();
    const startMs = pacer.nowMs();
    const far = new Metronome(startMs + 60_000, 1, 1);
    const removed = new Metronome(startMs + 5, 1, 1);
    pacer.add(far);
    pacer.add(removed);
    pacer.remove(removed);
    far.dueMs = startMs + 20;
    pacer.wake(far.dueMs);
    await far.done;
    assert.equal(removed.lateMs.length, 0);
    pacer.close();
  });

  test('has no timer where nothing is due, and none after it was closed', () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const pacer = new Pacer();
    pacer.add(new Metronome(Number.POSITIVE_INFINITY, 1, 1));
    assert.equal(timers(), before);
    pacer.add(new Metronome(pacer.nowMs() + 60_000, 1, 1));
    assert.equal(timers(), before + 1);
    pacer.close();
    pacer.close();
    assert.equal(timers(), before);
    pacer.add(new Metronome(pacer.nowMs(), 1, 1));
    assert.equal(timers(), before);
  });
});
