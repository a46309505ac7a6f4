import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AllowList } from '../../src/capture/index.ts';
import { Peers } from '../../src/capture/peers.ts';

const ALLOW = new AllowList(['10.0.0.0/8']);
const MOST = 4096;

const addressOf = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

test('however many addresses send, so many are remembered and one that is forgotten is let in again', () => {
  const peers = new Peers(ALLOW);
  for (let n = 0; n < 3 * MOST; n++) peers.received(addressOf(n), 30);
  assert.equal(peers.size, MOST);
  assert.equal(peers.pay(addressOf(0), 1), false, 'it was forgotten');
  assert.equal(peers.received(addressOf(0), 30).isAllowed, true);
  assert.equal(peers.pay(addressOf(0), 30), true);
  assert.equal(peers.received('192.0.2.1', 30).isAllowed, false);
  assert.equal(peers.size, MOST);
});

test('no address is ever sent more than it has sent', () => {
  const step = fc.record({
    address: fc.integer({ min: 0, max: 3 }).map(addressOf),
    bytes: fc.integer({ min: 1, max: 2000 }),
    isSent: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const peers = new Peers(ALLOW);
      const balance = new Map<string, number>();
      for (const { address, bytes, isSent } of steps) {
        const before = balance.get(address) ?? 0;
        if (!isSent) peers.received(address, bytes);
        else assert.equal(peers.pay(address, bytes), before >= bytes);
        if (!isSent || before >= bytes) balance.set(address, before + (isSent ? -bytes : bytes));
      }
    }),
  );
});
