import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { datagramAt, KINDS, LIVE_CALLS, liveUuid } from './datagrams.ts';
import { runFuzz } from './run-fuzz.ts';

const SEED = 20_261_120;
const DATAGRAMS = 20_000;

describe('the fuzz', () => {
  test('sends the same for the same seed and index, of every kind, and calls of its own only from its own', () => {
    const live = Array.from({ length: LIVE_CALLS }, (_, call) => liveUuid(SEED, call));
    const kinds = new Set<string>();
    for (let index = 0; index < 3000; index++) {
      const datagram = datagramAt(SEED, index);
      assert.deepEqual(datagramAt(SEED, index), datagram);
      kinds.add(datagram.kind);
      // One that names a live call and comes from its address could rightly be taken for that call's.
      const text = datagram.bytes.toString('latin1');
      if (live.some((uuid) => text.includes(uuid))) assert.doesNotMatch(datagram.from, /neighbour/);
      assert.ok(datagram.bytes.length <= 65_507, 'as much as UDP carries');
    }
    assert.deepEqual([...kinds].sort(), KINDS.toSorted());
    assert.notDeepEqual(datagramAt(SEED + 1, 0).bytes, datagramAt(SEED, 0).bytes);
  });

  test(`${DATAGRAMS} datagrams of every kind do nothing to the daemon and its live calls`, {
    skip: process.platform === 'linux' ? false : 'looks at the daemon through /proc',
    timeout: 120_000,
  }, async () => {
    const report = await runFuzz({
      seed: SEED,
      datagrams: DATAGRAMS,
      seconds: 60,
      mediaPorts: '13000-13399',
    });
    assert.deepEqual(report.faults, [], JSON.stringify(report));
    assert.equal(report.datagrams, DATAGRAMS);
    assert.ok(report.calls > 0 && report.answers > 0, JSON.stringify(report));
  });
});
