import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { PortPair } from '../../src/protocol/index.ts';
import { MEDIA, openRegistry, PORTS, SECOND, STRANGER, TAP } from './open-registry.ts';

const BYE = 'BYE :u > 10.0.0.5:40000';
const OTHER_PORTS: PortPair = { readPort: 30_004, writePort: 30_006 };
const EXTENSION = { seq: true, ptimeMs: 20, rateHz: 8000, box: null };

/** A registry whose taps offer numbers, as those do that send their INV again while they run. */
function create(t: TestContext, limits: { maxDurationMs?: number } = {}) {
  const opened = openRegistry(t, limits);
  const ask = (source = TAP, ports = PORTS) =>
    opened.registry.inv(
      { kind: 'inv', uuid: 'u', caller: '138', callee: '9210', ports, extension: EXTENSION },
      source,
      opened.clock.ns,
    );
  /** A call that was stopped by command, and its BYE. */
  const stopped = () => {
    ask();
    opened.registry.stop('u', 'it was stopped by command');
    opened.registry.finished(1, MEDIA);
    assert.equal(opened.takeSent().at(-1), BYE);
  };
  return { ...opened, ask, stopped };
}

describe('the tap of a call that was ended on purpose', () => {
  test('is told again when it asks, because our BYE was lost, and is not recorded', (t) => {
    const { ask, stopped, takeSent, pool, drops } = create(t);
    stopped();
    ask();
    ask();
    assert.deepEqual(takeSent(), [BYE, BYE]);
    assert.equal(pool.opened.length, 1);
    assert.deepEqual(drops(), { late: 2 });
  });

  test('is told the same where its time was up', (t) => {
    const { ask, takeSent, pass, pool } = create(t, { maxDurationMs: 2000 });
    ask();
    pass(2000);
    takeSent();
    ask();
    assert.deepEqual(takeSent(), [BYE]);
    assert.equal(pool.opened.length, 1);
  });

  test('is told for as long as it asks', (t) => {
    const { ask, stopped, takeSent, pass } = create(t);
    stopped();
    for (let i = 0; i < 10; i++) {
      pass(30_000);
      ask();
      assert.deepEqual(takeSent(), [BYE]);
    }
  });

  test('is told where a second tap of the channel asks', (t) => {
    const { ask, registry, takeSent, pool } = create(t);
    ask();
    ask(SECOND, OTHER_PORTS);
    registry.stop('u', 'it was stopped by command');
    takeSent();
    ask(SECOND, OTHER_PORTS);
    assert.deepEqual(takeSent(), ['BYE :u > 10.0.0.5:40100']);
    assert.equal(pool.opened.length, 1);
  });

  test('is told where its first INV was lost and its DATA has opened the call', (t) => {
    const { ask, data, registry, takeSent, pool } = create(t);
    for (let i = 0; i < 3; i++) data('u', { ...TAP, port: PORTS.readPort });
    assert.equal(pool.opened.length, 1);
    registry.stop('u', 'it was stopped by command');
    takeSent();
    ask();
    assert.deepEqual(takeSent(), [BYE]);
  });
});

describe('the next segment of a call that was ended on purpose', () => {
  const anew: [string, (opened: ReturnType<typeof create>) => void][] = [
    ['by a tap with other ports', ({ ask }) => ask(TAP, OTHER_PORTS)],
    ['by a tap that invites from another port', ({ ask }) => ask(SECOND)],
    ['by a tap from another address', ({ ask }) => ask(STRANGER)],
    ['by a tap that offers no numbers, which has but one INV', ({ inv }) => inv('u')],
    [
      'by a tap that has the ports of one that has said BYE',
      ({ bye, ask, takeSent }) => {
        bye();
        assert.deepEqual(takeSent(), ['ACK :u > 10.0.0.5:40000']);
        ask();
      },
    ],
    [
      'by any tap, once the one before has been silent for a minute',
      ({ pass, ask }) => {
        pass(60_250);
        ask();
      },
    ],
  ];
  for (const [how, begin] of anew)
    test(`is begun ${how}`, (t) => {
      const opened = create(t);
      opened.stopped();
      begin(opened);
      assert.equal(opened.pool.opened.length, 2);
      assert.match(opened.takeSent().join(), /^ACK :u:10004:10005/);
    });
});

test('a call that ended for want of media goes on with the INV of its tap', (t) => {
  const { ask, takeSent, pass, pool } = create(t);
  ask();
  pass(40_000);
  takeSent();
  ask();
  assert.equal(pool.opened.length, 2);
  assert.match(takeSent().join(), /^ACK /);
});

test('a call that has lost its thread too often goes on with the INV of its tap', (t) => {
  const { ask, data, registry, takeSent, pool } = create(t);
  ask();
  for (let lost = 1; lost <= 5; lost++) {
    registry.lost(lost, new Error('gone'));
    for (let i = 0; i < 3; i++) data('u', { ...TAP, port: PORTS.readPort });
  }
  assert.equal(pool.opened.length, 5, 'DATA does not do it any more');
  takeSent();
  ask();
  assert.equal(pool.opened.length, 6);
  assert.match(takeSent().join(), /^ACK /);
});
