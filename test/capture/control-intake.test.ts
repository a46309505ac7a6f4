import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ControlIntake } from '../../src/capture/control-intake.ts';
import { AllowList, Peers } from '../../src/capture/index.ts';
import { formatData } from '../../src/protocol/index.ts';

const SOURCE = { address: '10.0.0.5', port: 4000 };
const OTHER = { address: '10.0.0.6', port: 4000 };

/** An intake that lets 5 datagrams a second by that are no message, and what it has handed on. */
function open() {
  const calls: string[] = [];
  const note = (kind: string) => () => void calls.push(kind);
  const peers = new Peers(new AllowList(['10.0.0.0/8']), {
    callsPerSecond: 1,
    garbagePerSecond: 5,
  });
  const intake = new ControlIntake(
    {
      inv: note('inv'),
      bye: note('bye'),
      data: note('data'),
      malformed: note('malformed'),
      limited: note('limited'),
      refused: note('refused'),
      overflowed: note('overflowed'),
    },
    peers,
  );
  /** What has become of each. */
  const take = (datagrams: (string | Uint8Array)[], seconds: number, source = SOURCE) => {
    for (const datagram of datagrams) intake.take(Buffer.from(datagram), source, seconds * 1e9, 0);
    return calls.splice(0);
  };
  return { take };
}

/** No verb, verbs of the protocol with nothing behind them, and what only looks like a verb. */
const GARBAGE = ['', 'x', 'DATA:', 'INV :u', 'BYE :', 'ACK :u', 'IN', 'BYTE:u', 'hello', 'DAT'];
const MESSAGES = ['INV :u:a:b', formatData('u', 'R', 0, Buffer.from('x')), 'BYE :u', 'INV  :u:a:b'];

describe('what is no message', () => {
  test('is dropped beyond its rate, with a verb or without', () => {
    const { take } = open();
    assert.deepEqual(
      take(GARBAGE, 1),
      GARBAGE.map(() => 'malformed'),
    );
    for (const garbage of GARBAGE) assert.deepEqual(take([garbage], 1), ['limited'], garbage);
    assert.deepEqual(take(GARBAGE.slice(0, 6), 2), [
      ...Array.from({ length: 5 }, () => 'malformed'),
      'limited',
    ]);
  });

  test('does not keep messages of its address from being taken, nor what others send', () => {
    const { take } = open();
    take([...GARBAGE, ...GARBAGE], 1);
    assert.deepEqual(take(MESSAGES, 1), ['inv', 'data', 'bye', 'inv']);
    assert.deepEqual(take(['x'], 1, OTHER), ['malformed']);
  });

  test('is all that counts: messages without end leave its rate as it was', () => {
    const { take } = open();
    for (let i = 0; i < 100; i++) take(MESSAGES, 1);
    assert.deepEqual(take(['x'], 1), ['malformed']);
  });
});
