import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/call/call.ts';
import { Tombstones } from '../../src/call/tombstones.ts';

const S = 1e9;
const MINUTE = 60 * S;

function callOf(uuid: string): Call {
  return { uuid } as Call;
}

test('an ended UUID is remembered for a minute', () => {
  const tombstones = new Tombstones(MINUTE);
  assert.equal(tombstones.get('u') !== undefined, false);
  tombstones.add(callOf('u'), 10 * S);
  tombstones.sweep(69.999 * S);
  assert.equal(tombstones.get('u') !== undefined, true);
  tombstones.sweep(70 * S);
  assert.equal(tombstones.get('u') !== undefined, false);
});

test('one that may not be forgotten is remembered as long again', () => {
  let mayForget = false;
  const forgotten: string[] = [];
  const tombstones = new Tombstones(MINUTE, {
    mayForget: () => mayForget,
    onForgotten: ({ uuid }) => forgotten.push(uuid),
  });
  tombstones.add(callOf('u'), 0);
  tombstones.sweep(60 * S);
  assert.ok(tombstones.get('u'));
  mayForget = true;
  tombstones.sweep(119 * S);
  assert.ok(tombstones.get('u'));
  tombstones.sweep(120 * S);
  assert.deepEqual([tombstones.get('u'), forgotten], [undefined, ['u']]);
});

test('a UUID that ends again is remembered from then on', () => {
  const tombstones = new Tombstones(MINUTE);
  tombstones.add(callOf('again'), 0);
  tombstones.add(callOf('once'), 1 * S);
  tombstones.add(callOf('again'), 30 * S);
  tombstones.sweep(61 * S);
  assert.equal(tombstones.get('once') !== undefined, false);
  assert.equal(tombstones.get('again') !== undefined, true);
  tombstones.sweep(90 * S);
  assert.equal(tombstones.get('again') !== undefined, false);
});

test('however many end within the time, memory is bounded', () => {
  const tombstones = new Tombstones(MINUTE);
  for (let i = 0; i < 20_001; i++) tombstones.add(callOf(String(i)), i);
  assert.equal(tombstones.get('0'), undefined);
  assert.equal(tombstones.get('1')?.uuid, '1');
});

test('a sweep forgets the old ones only, of however many', () => {
  const tombstones = new Tombstones(MINUTE);
  for (let i = 0; i < 100; i++) tombstones.add(callOf(String(i)), i * S);
  tombstones.sweep(100 * S);
  for (let i = 0; i < 100; i++)
    assert.equal(tombstones.get(String(i)) !== undefined, i > 40, String(i));
});
