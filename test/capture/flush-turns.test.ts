import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlushTurns } from '../../src/capture/flush-turns.ts';

test('all have their turn once in an interval, in the same order again and again', async (t) => {
  const turns = new FlushTurns(150);
  t.after(() => turns.close());
  const flushed: number[] = [];
  const calls = [0, 1, 2, 3, 4].map((i) => ({ flushFiles: () => void flushed.push(i) }));
  for (const call of calls) turns.add(call);
  turns.start();
  while (flushed.length < 15) await new Promise((resolve) => setTimeout(resolve, 10));
  // Three turns, and who came fourth shares the first one's.
  assert.deepEqual(flushed.slice(0, 15), [0, 3, 1, 4, 2, 0, 3, 1, 4, 2, 0, 3, 1, 4, 2]);
  turns.delete(calls[3] as (typeof calls)[number]);
  flushed.length = 0;
  while (flushed.length < 8) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(!flushed.includes(3));
});
