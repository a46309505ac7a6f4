import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tombstones } from '../../src/call/tombstones.ts';

const S = 1e9;

test('an ended UUID is remembered for a minute', () => {
  const tombstones = new Tombstones();
  assert.equal(tombstones.has('u'), false);
  tombstones.add('u', 10 * S);
  tombstones.sweep(69.999 * S);
  assert.equal(tombstones.has('u'), true);
  tombstones.sweep(70 * S);
  assert.equal(tombstones.has('u'), false);
});

test('a UUID that ends again is remembered from then on', () => {
  const tombstones = new Tombstones();
  tombstones.add('again', 0);
  tombstones.add('once', 1 * S);
  tombstones.add('again', 30 * S);
  tombstones.sweep(61 * S);
  assert.equal(tombstones.has('once'), false);
  assert.equal(tombstones.has('again'), true);
  tombstones.sweep(90 * S);
  assert.equal(tombstones.has('again'), false);
});

test('a sweep forgets the old ones only, of however many', () => {
  const tombstones = new Tombstones();
  for (let i = 0; i < 100; i++) tombstones.add(String(i), i * S);
  tombstones.sweep(100 * S);
  for (let i = 0; i < 100; i++) assert.equal(tombstones.has(String(i)), i > 40, String(i));
});
