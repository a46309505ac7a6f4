import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openRegistry, SECOND, STRANGER, TAP } from './open-registry.ts';

const RATES = { callsPerSecond: 5, garbagePerSecond: 100 };

describe('an address that begins more calls than server.max_inv_rate', () => {
  test('gets no answer for those beyond it, and others, and calls that run, do not notice', (t) => {
    const { registry, pool, inv, data, takeSent, drops } = openRegistry(t, {}, { rates: RATES });
    for (let i = 0; i < 25; i++) inv(`u${i}`, STRANGER);
    assert.deepEqual([registry.liveCalls, takeSent().length], [10, 10]);
    inv('u0', STRANGER);
    assert.equal(takeSent().length, 1, 'an INV that is repeated is no further call');
    data('u0', STRANGER);
    assert.equal(pool.delivered.length, 1);
    inv('mine', TAP);
    assert.equal(registry.liveCalls, 11);
    assert.deepEqual(drops(), { 'rate-limited': 15 });
  });

  test('is named once a minute at most, with the number and the key', (t) => {
    const { inv, pass, warnings } = openRegistry(t, {}, { rates: RATES });
    for (let i = 0; i < 110; i++) inv(`u${i}`, STRANGER);
    for (let i = 0; i < 13; i++) inv(`v${i}`, TAP);
    const said = () => warnings().filter((text) => text.includes('server.max_inv_rate'));
    pass(250);
    assert.deepEqual(said(), [
      '10.9.9.9 begins more calls than the 5 a second of server.max_inv_rate: 100 (and 3 of other addresses) datagrams that would have begun one were dropped and got no answer; raise server.max_inv_rate where so many are meant, or see who sends them',
    ]);
    for (let i = 0; i < 20; i++) inv(`w${i}`, SECOND);
    pass(59_000);
    assert.equal(said().length, 1);
    pass(1_000);
    assert.match(said()[1] ?? '', /^10\.0\.0\.5 begins more .*: 19 datagrams/);
    pass(120_000);
    assert.equal(said().length, 2, 'nothing more has come');
  });

  test('may begin its call when it says INV again a little later', (t) => {
    const { registry, inv, pass } = openRegistry(t, {}, { rates: RATES });
    for (let i = 0; i < 11; i++) inv(`u${i}`);
    assert.equal(registry.stateOf('u10'), 'none');
    pass(250);
    inv('u10');
    assert.equal(registry.stateOf('u10'), 'live');
  });

  test('does not get around it by packets without an INV', (t) => {
    const { registry, inv, data, drops } = openRegistry(t, {}, { rates: RATES });
    for (let i = 0; i < 10; i++) inv(`u${i}`);
    for (let i = 0; i < 3; i++) data('v');
    assert.equal(registry.stateOf('v'), 'none');
    assert.deepEqual(drops(), { 'rate-limited': 3 });
  });

  test('may send what it likes where there is no limit', (t) => {
    const rates = { callsPerSecond: 0, garbagePerSecond: 0 };
    const { registry, inv } = openRegistry(t, {}, { rates });
    for (let i = 0; i < 1000; i++) inv(`u${i}`);
    assert.equal(registry.liveCalls, 1000);
  });
});

test('addresses without end that send what is no message are counted, and the one that sends most is named', (t) => {
  const { registry, pass, warnings, drops } = openRegistry(t, {}, { rates: RATES });
  const from = (n: number) => ({ address: `10.1.${n >> 8}.${n & 255}`, port: 1 });
  for (let n = 0; n < 1000; n++) registry.limited(from(n));
  for (let n = 0; n < 7; n++) registry.limited(from(3));
  pass(250);
  assert.deepEqual(warnings(), [
    '10.1.0.3 sends more that is no message than the 100 datagrams a second of server.max_garbage_rate: 8 (and 999 of other addresses) were dropped; see what sends them there, or take 10.1.0.3 out of server.allow',
  ]);
  assert.deepEqual(drops(), { 'rate-limited': 1007 });
});
