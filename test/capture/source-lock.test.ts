import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceLock } from '../../src/capture/index.ts';

const HERE = '10.0.0.5';
const PORTS = { readPort: 5004, writePort: 5005 };

test('address: the port is learned from the first packet, leg by leg', () => {
  const lock = new SourceLock('address', HERE, PORTS);
  assert.equal(lock.admits('R', HERE, 7000), true);
  assert.equal(lock.admits('R', HERE, 7001), false);
  assert.equal(lock.admits('R', HERE, 7000), true);
  assert.equal(lock.admits('W', HERE, 7001), true);
  assert.equal(lock.admits('W', '10.0.0.6', 7001), false);
});

test('address: the announced port is preferred, and the only one from then on', () => {
  const lock = new SourceLock('address', HERE, PORTS);
  assert.equal(lock.admits('R', HERE, 7000), true);
  assert.equal(lock.admits('R', HERE, 5004), true);
  assert.equal(lock.admits('R', HERE, 7000), false);
  assert.equal(lock.admits('R', HERE, 5005), false, "the other leg's");
});

test('strict: the announced ports and the address, exactly', () => {
  const lock = new SourceLock('strict', HERE, PORTS);
  assert.equal(lock.admits('R', HERE, 7000), false);
  assert.equal(lock.admits('R', HERE, 0), false);
  assert.equal(lock.admits('R', HERE, 5004), true);
  assert.equal(lock.admits('W', HERE, 5004), false);
  assert.equal(lock.admits('W', '10.0.0.6', 5005), false);
  assert.equal(lock.admits('W', HERE, 5005), true);
});

test('strict: of a tap whose INV was lost the first port of each leg counts', () => {
  const lock = new SourceLock('strict', HERE, null);
  assert.equal(lock.admits('R', HERE, 7000), true);
  assert.equal(lock.admits('R', HERE, 7001), false);
  assert.equal(lock.admits('W', HERE, 7001), true);
});

test('off: anyone', () => {
  const lock = new SourceLock('off', HERE, PORTS);
  assert.equal(lock.admitsAddress('10.9.9.9'), true);
  assert.equal(lock.admits('R', '10.9.9.9', 1), true);
  assert.equal(lock.admits('R', HERE, 2), true);
});

test('it knows the announced and the learned ports', () => {
  const lock = new SourceLock('address', HERE, PORTS);
  assert.equal(lock.knows(HERE, 7000), false);
  lock.admits('R', HERE, 7000);
  for (const port of [5004, 5005, 7000]) assert.equal(lock.knows(HERE, port), true);
  assert.equal(lock.knows('10.0.0.6', 7000), false);
});
