import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TapNote } from '../../src/call/index.ts';
import { processMark } from '../../src/recording/index.ts';
import { MEDIA, openRegistry, TAP } from './open-registry.ts';

const PORTS = { readPort: 5004, writePort: 5005 };
const SERVED = { readPort: 6004, writePort: 6005 };

function noteOf(uuid: string, change: Partial<TapNote> = {}): TapNote {
  const inv = { kind: 'inv', uuid, caller: '138', callee: '9210', ports: PORTS } as const;
  return {
    recordId: `record-${uuid}`,
    name: `2026-03-01/${uuid}`,
    segment: null,
    previous: null,
    startedAtMs: Date.now() - 60_000,
    ended: null,
    inv,
    ports: SERVED,
    taps: [{ source: TAP, inv }],
    process: processMark(),
    ...change,
  };
}

describe('a call of a server that has ended', () => {
  test('goes on at its ports, as the next segment with its names', async (t) => {
    const { registry, pool, archived, bye, began } = openRegistry(t);
    const [watched, ...others] = registry.recall([noteOf('u')]);
    assert.deepEqual(others, []);
    const { callId, ...call } = watched?.call ?? assert.fail();
    assert.deepEqual(call, { uuid: 'u', address: TAP.address, announced: PORTS });
    assert.deepEqual(watched?.ports, SERVED);
    assert.equal(registry.liveCalls, 0);
    assert.equal(registry.nextOf('record-u'), null);
    const pair = pool.pair();
    registry.resumed({ callId, uuid: 'u', startNs: 7e9 }, pair);
    assert.deepEqual(began, ['u']);
    const { call: opened } = pool.opened[0] ?? assert.fail();
    const { previous, recordId, caller } = opened.journal as Record<string, unknown>;
    assert.deepEqual(previous, { recordId: 'record-u', name: '2026-03-01/u' });
    assert.deepEqual([caller, opened.announced], ['138', PORTS]);
    assert.equal(registry.nextOf('record-u'), recordId);
    bye('u');
    registry.finished(opened.callId, MEDIA);
    await registry.close();
    assert.equal(archived.length, 1, 'what the server before has recorded is not filed again');
    assert.match(
      archived[0]?.call.warnings.join() ?? '',
      /^goes on from an earlier segment, which had ended: the server ended without notice$/,
    );
  });

  test('goes on at the control port, by its own source only', (t) => {
    const { registry, pool, data } = openRegistry(t);
    const inv = { kind: 'inv', uuid: 'u', caller: '1', callee: '2', ports: null } as const;
    const note = noteOf('u', { inv, ports: null, taps: [{ source: TAP, inv }] });
    assert.deepEqual(registry.recall([note]), []);
    for (let i = 0; i < 3; i++) data('u', { address: '10.9.9.9', port: 4000 });
    assert.equal(pool.opened.length, 0);
    for (let i = 0; i < 3; i++) data('u');
    assert.equal(pool.opened.length, 1);
  });

  test('is over when its tap says BYE, which is acknowledged', (t) => {
    const { registry, pool, bye, takeSent } = openRegistry(t);
    const [watched] = registry.recall([noteOf('u')]);
    bye('u');
    assert.deepEqual(takeSent(), [`ACK :u > ${TAP.address}:${TAP.port}`]);
    assert.deepEqual(pool.unwatched, [watched?.call.callId]);
  });

  test('is over when it is tapped anew, and the new recording names it', (t) => {
    const { registry, pool, inv } = openRegistry(t);
    const [watched] = registry.recall([noteOf('u')]);
    inv('u', { address: TAP.address, port: 4444 });
    assert.deepEqual(pool.unwatched, [watched?.call.callId]);
    const { call } = pool.opened[0] ?? assert.fail();
    const { previous } = call.journal as { previous: { recordId: string } };
    assert.equal(previous.recordId, 'record-u');
  });

  test('is forgotten after an hour', (t) => {
    const { registry, pool, pass } = openRegistry(t);
    registry.recall([noteOf('u')]);
    pass(3600e3 - 500);
    assert.equal(pool.unwatched.length, 0);
    pass(1000);
    assert.equal(pool.unwatched.length, 1);
  });
});

describe('the notes of the calls', () => {
  test('are there while a tap may go on: while it is recorded, behind a shutdown, not behind a BYE', async (t) => {
    const { registry, inv, bye, notes } = openRegistry(t);
    inv('u');
    inv('v');
    assert.deepEqual(notes(), ['u', 'v']);
    bye('u');
    assert.deepEqual(notes(), ['v']);
    registry.finished(1, MEDIA);
    const closed = registry.close();
    registry.finished(2, MEDIA);
    await closed;
    assert.deepEqual(notes(), ['v']);
  });
});
