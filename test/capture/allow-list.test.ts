import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllowList } from '../../src/capture/index.ts';
import { Peers } from '../../src/capture/peers.ts';

test('networks and plain addresses of both families are allowed, and nothing else', () => {
  const list = new AllowList(['127.0.0.0/8', '::1', '10.1.2.3', '192.168.4.0/22', '2001:db8::/32']);
  for (const address of [
    ...['127.0.0.1', '127.255.0.9', '::1', '10.1.2.3', '192.168.7.255', '2001:db8:ffff::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.1.2.3', '2001:db8::1%eth0'],
  ])
    assert.equal(list.allows(address), true, address);
  for (const address of [
    ...['128.0.0.1', '10.1.2.4', '192.168.8.0', '::2', '2001:db9::1', '::ffff:10.1.2.4'],
    ...['fe80::1%eth0', ''],
  ])
    assert.equal(list.allows(address), false, address);
});

test('everything is allowed by networks of prefix 0', () => {
  const list = new AllowList(['0.0.0.0/0', '::/0']);
  for (const address of ['8.8.8.8', '::ffff:8.8.8.8', 'fe80::1%eth0', '::'])
    assert.equal(list.allows(address), true, address);
});

test('an address can be let in later, once', () => {
  const list = new AllowList(['127.0.0.0/8']);
  assert.equal(list.admit('127.0.0.1'), false);
  assert.equal(list.admit('::ffff:10.1.2.3'), true);
  assert.equal(list.admit('10.1.2.3'), false);
  assert.deepEqual([list.allows('10.1.2.3'), list.allows('10.1.2.4')], [true, false]);
  assert.equal(list.lineFor('10.1.2.4'), 'allow = ["127.0.0.0/8", "10.1.2.3", "10.1.2.4"]');
});

test('the line that would allow an address keeps what was allowed', () => {
  const list = new AllowList(['127.0.0.0/8', '::1']);
  assert.equal(list.lineFor('10.0.0.5'), 'allow = ["127.0.0.0/8", "::1", "10.0.0.5"]');
  assert.equal(list.lineFor('::ffff:10.0.0.5'), 'allow = ["127.0.0.0/8", "::1", "10.0.0.5"]');
  assert.equal(list.lineFor('fe80::1%eth0'), 'allow = ["127.0.0.0/8", "::1", "fe80::1"]');
});

test('a peer is sent no more than it has sent, in total', () => {
  const peers = new Peers(new AllowList(['10.0.0.0/8']));
  assert.equal(peers.pay('10.0.0.1', 1), false);
  peers.received('10.0.0.1', 50);
  peers.received('10.0.0.2', 500);
  assert.equal(peers.pay('10.0.0.1', 60), false);
  assert.equal(peers.pay('10.0.0.1', 40), true);
  assert.equal(peers.pay('10.0.0.1', 40), false);
  peers.received('10.0.0.1', 30);
  assert.equal(peers.pay('10.0.0.1', 40), true);
  assert.equal(peers.pay('10.0.0.1', 1), false);
});

test('peers are remembered up to a bound, the oldest forgotten first', () => {
  const peers = new Peers(new AllowList(['0.0.0.0/0']));
  for (let i = 0; i < 5000; i++) peers.received(`10.0.${i >> 8}.${i & 255}`, 100);
  assert.equal(peers.size, 4096);
  assert.equal(peers.pay('10.0.0.0', 1), false);
  assert.equal(peers.pay('10.0.19.135', 100), true);
});
