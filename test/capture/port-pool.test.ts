import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortPool } from '../../src/capture/port-pool.ts';

test('a pool gives its ports in pairs, in order, and null once they are out', () => {
  const pool = new PortPool(10, 13);
  assert.equal(pool.freePairs, 2);
  assert.deepEqual(pool.take(), { readPort: 10, writePort: 11 });
  assert.deepEqual(pool.take(), { readPort: 12, writePort: 13 });
  assert.equal(pool.take(), null);
  assert.equal(pool.freePairs, 0);
});

test('ports that come back wait behind those that have rested longer', () => {
  const pool = new PortPool(10, 15);
  pool.take();
  pool.giveBack(10, 11);
  assert.deepEqual(pool.take(), { readPort: 12, writePort: 13 });
  assert.deepEqual(pool.take(), { readPort: 14, writePort: 15 });
  assert.deepEqual(pool.take(), { readPort: 10, writePort: 11 });
});

test('a single port is no pair, and waits for another', () => {
  const pool = new PortPool(10, 12);
  pool.take();
  assert.equal(pool.take(), null);
  assert.equal(pool.freePairs, 0);
  pool.giveBack(11);
  assert.deepEqual(pool.take(), { readPort: 12, writePort: 11 });
});

test('a pair that is wanted by its numbers is had once, and only of these ports', () => {
  const pool = new PortPool(10, 15);
  assert.equal(pool.claim({ readPort: 12, writePort: 15 }), true);
  assert.equal(pool.claim({ readPort: 12, writePort: 13 }), false);
  assert.equal(pool.claim({ readPort: 10, writePort: 9 }), false);
  assert.equal(pool.claim({ readPort: 10, writePort: 10 }), false);
  assert.equal(pool.freePairs, 2);
  assert.deepEqual(pool.take(), { readPort: 10, writePort: 11 });
  assert.deepEqual(pool.take(), { readPort: 13, writePort: 14 });
  pool.giveBack(12, 15);
  assert.deepEqual(pool.take(), { readPort: 12, writePort: 15 });
});
