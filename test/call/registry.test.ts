import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReservedPair } from '../../src/capture/index.ts';
import { openRegistry as create, MEDIA, PORTS, SECOND, STRANGER, TAP } from './open-registry.ts';

const FIRST_ACK = 'ACK :u:10002:10003 > 10.0.0.5:40000';
const BARE_ACK = 'ACK :u > 10.0.0.5:40000';

describe('an INV', () => {
  test('is answered with the ports that were bound for it, and opens a call', (t) => {
    const { registry, pool, inv, takeSent } = create(t);
    inv();
    assert.deepEqual(takeSent(), [FIRST_ACK]);
    assert.equal(registry.liveCalls, 1);
    const { call, pair } = pool.opened[0] as (typeof pool.opened)[0];
    assert.equal(call.uuid, 'u');
    assert.equal(call.address, TAP.address);
    assert.equal(call.pairId, pair?.pairId);
    assert.equal(call.startNs, 1e9);
    assert.equal(call.name, '2026-03-01/u');
    assert.equal(call.tags.title, 'u');
    assert.equal(call.tags.artist, '138 > 9210');
  });

  test('that is sent again gets the same ACK, and no second call', (t) => {
    const { registry, pool, inv, takeSent } = create(t);
    for (let i = 0; i < 3; i++) inv();
    assert.deepEqual(takeSent(), [FIRST_ACK, FIRST_ACK, FIRST_ACK]);
    assert.equal(pool.opened.length, 1);
    assert.equal(registry.liveCalls, 1);
  });

  test('that is sent again while no port is ready is answered once, when one is', (t) => {
    const { pool, inv, takeSent } = create(t);
    pool.pairs = 'later';
    inv();
    inv();
    assert.deepEqual(takeSent(), []);
    assert.equal(pool.asking.length, 1);
    pool.asking[0]?.(pool.pair());
    assert.deepEqual(takeSent(), [FIRST_ACK]);
    inv();
    assert.deepEqual(takeSent(), [FIRST_ACK]);
    assert.equal(pool.opened.length, 1);
  });

  test('of the old form gets a bare ACK and its DATA comes to the control port', (t) => {
    const { pool, inv, data, takeSent } = create(t);
    inv('u', TAP, null);
    assert.deepEqual(takeSent(), [BARE_ACK]);
    assert.equal(pool.opened[0]?.pair, null);
    assert.equal(pool.opened[0]?.call.pairId, null);
    data();
    data('u', { ...TAP, port: 1234 }, 'W');
    assert.deepEqual(pool.delivered, [
      { callId: 1, text: 'DATA:u:R:00:1:x' },
      { callId: 1, text: 'DATA:u:W:00:1:x' },
    ]);
  });

  test('of the old form has the packets that were read before it', (t) => {
    const { pool, inv, data, clock, lines, drops } = create(t);
    data();
    clock.ns += 20e6;
    data('u', TAP, 'W');
    data('u', STRANGER);
    inv('u', TAP, null);
    assert.deepEqual(
      pool.delivered.map(({ text }) => text),
      ['DATA:u:R:00:1:x', 'DATA:u:W:00:1:x'],
    );
    const { call } = pool.opened[0] as (typeof pool.opened)[0];
    assert.equal(Math.round((1e9 - call.startNs) / 1e3), 125, 'one byte of PCMU');
    assert.ok(!lines.some(({ msg }) => msg.startsWith('inv-lost')));
    assert.deepEqual(drops(), {});
  });

  test('for which no port is free gets a bare ACK, and the call a warning', async (t) => {
    const { registry, pool, inv, bye, takeSent, archived, warnings } = create(t);
    pool.pairs = 'none';
    inv();
    assert.deepEqual(takeSent(), [BARE_ACK]);
    assert.equal(pool.opened[0]?.call.pairId, null);
    assert.equal(warnings().length, 1);
    bye();
    registry.finished(1, MEDIA);
    await registry.close();
    assert.match(archived[0]?.call.warnings.join() ?? '', /no port of media\.ports was free/);
  });

  test('lets what waits of a tap before go first, and not what came right behind a first one', (t) => {
    const { inv, bye, caughtUp } = create(t);
    inv();
    assert.deepEqual(caughtUp, []);
    bye();
    inv();
    inv();
    assert.deepEqual(caughtUp, ['u', 'u']);
  });

  test('after BYE opens a further call of the same UUID', async (t) => {
    const { registry, pool, inv, bye, takeSent, archived } = create(t);
    inv();
    bye();
    inv();
    assert.deepEqual(takeSent(), [FIRST_ACK, BARE_ACK, 'ACK :u:10004:10005 > 10.0.0.5:40000']);
    assert.deepEqual(
      pool.opened.map(({ call }) => call.callId),
      [1, 2],
    );
    assert.equal(registry.liveCalls, 1);
    registry.finished(1, MEDIA);
    assert.equal(registry.liveCalls, 1);
    bye();
    registry.finished(2, MEDIA);
    await registry.close();
    assert.deepEqual(
      archived.map(({ call, end }) => [call.callId, end.reason]),
      [
        [1, 'bye'],
        [2, 'bye'],
      ],
    );
  });
});

describe('a second tap of the same call', () => {
  test('gets a bare ACK, and its DATA is dropped and counted', (t) => {
    const { registry, pool, inv, data, bye, takeSent, archived, warnings } = create(t);
    inv('u', TAP, null);
    inv('u', SECOND, null);
    inv('u', SECOND, null);
    const ack = 'ACK :u > 10.0.0.5:40100';
    assert.deepEqual(takeSent(), [BARE_ACK, ack, ack]);
    assert.equal(pool.opened.length, 1);
    assert.equal(warnings().length, 1);
    data('u', SECOND, 'R');
    data('u', SECOND, 'W');
    data('u', SECOND, 'W');
    data('u', TAP, 'R');
    assert.equal(pool.delivered.length, 1);
    bye('u', SECOND);
    bye('u', TAP);
    registry.finished(1, MEDIA);
    const call = archived[0]?.call;
    assert.deepEqual(call?.dropped, { R: { 'duplicate-tap': 1 }, W: { 'duplicate-tap': 2 } });
    assert.deepEqual(call?.warnings, [
      'a second tap from 10.0.0.5:40100 runs on this call; its frames are dropped',
    ]);
  });

  test('is known by its leg ports too', (t) => {
    const { pool, inv, data } = create(t);
    inv();
    inv('u', SECOND, { readPort: 41_000, writePort: 41_002 });
    data('u', { ...SECOND, port: 41_000 }, 'R');
    data('u', { ...SECOND, port: 41_002 }, 'W');
    assert.equal(pool.delivered.length, 0);
    data('u', { ...TAP, port: PORTS.readPort }, 'R');
    assert.equal(pool.delivered.length, 1);
  });

  test('ends nothing with its BYE', (t) => {
    const { registry, pool, inv, bye, takeSent } = create(t);
    inv();
    inv('u', SECOND);
    takeSent();
    bye('u', SECOND);
    assert.deepEqual(takeSent(), ['ACK :u > 10.0.0.5:40100']);
    bye('u', SECOND);
    assert.deepEqual(takeSent(), ['ACK :u > 10.0.0.5:40100'], 'nor with a repeated one');
    assert.equal(registry.liveCalls, 1);
    assert.equal(pool.ended.length, 0);
    bye('u', TAP);
    assert.equal(registry.liveCalls, 0);
    assert.equal(pool.ended.length, 1);
  });
});

describe('a BYE', () => {
  test('ends the call at its arrival, after late packets have had time to come', (t) => {
    const { registry, pool, clock, inv, bye, takeSent, archived } = create(t);
    inv();
    takeSent();
    clock.ns += 5e9;
    bye();
    assert.deepEqual(takeSent(), [BARE_ACK]);
    assert.deepEqual(pool.ended, [{ callId: 1, endNs: 6e9, drainMs: 200 }]);
    assert.equal(registry.liveCalls, 0);
    registry.finished(1, MEDIA);
    assert.equal(archived.length, 1);
    assert.deepEqual(archived[0]?.end, { reason: 'bye', words: 'the tap said BYE', atNs: 6e9 });
    assert.equal(archived[0]?.media, MEDIA);
  });

  test('may come from another port of the tap, but from no other address', (t) => {
    const { registry, pool, inv, bye, takeSent, warnings } = create(t);
    inv();
    takeSent();
    bye('u', STRANGER);
    assert.deepEqual(takeSent(), []);
    assert.equal(registry.liveCalls, 1);
    assert.equal(warnings().length, 1);
    bye('u', { ...TAP, port: 9 });
    assert.deepEqual(takeSent(), ['ACK :u > 10.0.0.5:9']);
    assert.equal(pool.ended.length, 1);
  });

  test('that is sent again gets an ACK each time, before and after the call is archived', async (t) => {
    const { registry, pool, inv, bye, takeSent, pass } = create(t);
    inv();
    bye();
    takeSent();
    for (let i = 0; i < 20; i++) bye();
    registry.finished(1, MEDIA);
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 20; i++) bye();
    pass(30_000);
    for (let i = 0; i < 20; i++) bye();
    assert.deepEqual(takeSent(), new Array(60).fill(BARE_ACK));
    assert.equal(pool.ended.length, 1);
  });

  test('of a call that nobody knows is answered at most ten times a second', (t) => {
    const { bye, takeSent, pass } = create(t);
    for (let i = 0; i < 50; i++) bye(`nobody-${i}`);
    assert.equal(takeSent().length, 10);
    pass(750);
    bye('nobody');
    assert.equal(takeSent().length, 0);
    pass(250);
    for (let i = 0; i < 50; i++) bye(`nobody-${i}`);
    assert.equal(takeSent().length, 10);
  });

  test('while no port is ready still ends the call, and archives it', async (t) => {
    const { registry, pool, inv, bye, clock, takeSent, archived } = create(t);
    pool.pairs = 'later';
    inv();
    clock.ns += 1e9;
    bye();
    assert.deepEqual(takeSent(), [BARE_ACK]);
    assert.equal(registry.liveCalls, 0);
    assert.equal(pool.ended.length, 0);
    pool.asking[0]?.(pool.pair());
    assert.equal(pool.opened.length, 1);
    assert.equal(pool.ended[0]?.callId, 1);
    assert.equal(pool.ended[0]?.endNs, 2e9);
    registry.finished(1, MEDIA);
    await registry.close();
    assert.equal(archived[0]?.end.reason, 'bye');
  });
});

describe('DATA on the control port', () => {
  test('from another address than the tap is dropped and counted', (t) => {
    const { registry, pool, inv, data, bye, archived } = create(t);
    inv('u', TAP, null);
    data('u', STRANGER, 'W');
    assert.deepEqual(pool.delivered, []);
    bye();
    registry.finished(1, MEDIA);
    assert.deepEqual(archived[0]?.call.dropped, { R: {}, W: { 'wrong-source': 1 } });
  });

  test('is taken after BYE until the call is finished, and is nobody’s then', async (t) => {
    const { registry, pool, inv, data, bye } = create(t);
    inv('u', TAP, null);
    bye();
    data('u');
    assert.equal(pool.delivered.length, 1);
    registry.finished(1, MEDIA);
    await registry.close();
    data('u');
    assert.equal(pool.delivered.length, 1);
  });

  test('that the kernel had no room for is counted, and said at most once a minute', (t) => {
    const { registry, drops, lines, pass } = create(t);
    const said = () => lines.filter(({ msg }) => msg.includes('too busy')).map(({ msg }) => msg);
    registry.overflowed(3);
    registry.overflowed(4);
    pass(250);
    registry.overflowed(5);
    pass(59_000);
    registry.overflowed(1);
    assert.equal(said().length, 1);
    assert.match(said()[0] as string, /^7 packets .* raise server\.receive_buffer/);
    pass(1000);
    assert.match(said()[1] as string, /^6 packets /);
    assert.equal(drops().kernel, 13);
  });

  test('that was lost while a call ran stands in its manifest, where it came to the control port', (t) => {
    const { registry, inv, bye, overflows, archived } = create(t);
    overflows.packets = 5;
    inv('u', TAP, null);
    inv('with-ports');
    overflows.packets = 8;
    bye('u');
    bye('with-ports');
    registry.finished(1, MEDIA);
    registry.finished(2, MEDIA);
    assert.deepEqual(
      archived.map(({ call }) => call.warnings),
      [
        [
          '3 packets of this call, or of others that came beside it, were lost because this machine was too busy to read them',
        ],
        [],
      ],
    );
  });
});

describe('a call that runs out of time', () => {
  test('without a packet ends as no-media, and its tap gets a BYE', (t) => {
    const { pool, inv, takeSent, pass, registry, archived } = create(t);
    inv();
    takeSent();
    pass(29_750);
    assert.deepEqual(takeSent(), []);
    pass(250);
    assert.deepEqual(takeSent(), ['BYE :u > 10.0.0.5:40000']);
    assert.deepEqual(pool.ended, [{ callId: 1, endNs: 31e9, drainMs: 0 }]);
    registry.finished(1, MEDIA);
    assert.equal(archived[0]?.end.reason, 'no-media');
  });

  test('after its last packet ends as idle, at that packet', (t) => {
    const { pool, clock, inv, takeSent, pass, registry, archived } = create(t);
    inv();
    takeSent();
    pass(20_000);
    registry.activity(1, clock.ns);
    pass(59_750);
    assert.deepEqual(takeSent(), []);
    pass(250);
    assert.deepEqual(takeSent(), ['BYE :u > 10.0.0.5:40000']);
    assert.deepEqual(pool.ended, [{ callId: 1, endNs: null, drainMs: 0 }]);
    registry.finished(1, MEDIA);
    assert.equal(archived[0]?.end.reason, 'idle');
  });

  test('while packets come ends as max-duration', (t) => {
    const { clock, inv, takeSent, pass, registry, archived } = create(t, { maxDurationMs: 2000 });
    inv();
    takeSent();
    pass(1750);
    registry.activity(1, clock.ns);
    assert.deepEqual(takeSent(), []);
    pass(250);
    assert.deepEqual(takeSent(), ['BYE :u > 10.0.0.5:40000']);
    registry.finished(1, MEDIA);
    assert.equal(archived[0]?.end.reason, 'max-duration');
  });

  test('gets one BYE only, and the tap’s own BYE is acknowledged', (t) => {
    const { inv, bye, takeSent, pass } = create(t);
    inv();
    takeSent();
    pass(40_000);
    assert.equal(takeSent().length, 1);
    bye();
    assert.deepEqual(takeSent(), [BARE_ACK]);
  });
});

describe('closing', () => {
  test('ends every call as shutdown, sends no BYE and waits for the last archive', async (t) => {
    const { registry, pool, clock, inv, takeSent, archived } = create(t);
    inv('u');
    inv('v', SECOND, null);
    takeSent();
    clock.ns = 9e9;
    let isClosed = false;
    const closed = registry.close().then(() => {
      isClosed = true;
    });
    assert.equal(registry.liveCalls, 0);
    assert.deepEqual(
      pool.ended.map(({ callId, endNs, drainMs }) => [callId, endNs, drainMs]),
      [
        [1, 9e9, 0],
        [2, 9e9, 0],
      ],
    );
    registry.finished(1, MEDIA);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isClosed, false);
    registry.finished(2, MEDIA);
    await closed;
    assert.deepEqual(takeSent(), []);
    assert.deepEqual(
      archived.map(({ end }) => end.reason),
      ['shutdown', 'shutdown'],
    );
  });

  test('twice is closing once', async (t) => {
    const { registry, inv } = create(t);
    inv();
    const closed = registry.close();
    assert.equal(registry.close(), closed);
    registry.finished(1, MEDIA);
    await closed;
  });

  test('with no call is done at once, and takes no call afterwards', async (t) => {
    const { registry, pool, inv, takeSent } = create(t);
    await registry.close();
    inv();
    assert.deepEqual(takeSent(), []);
    assert.equal(registry.liveCalls, 0);
    assert.equal(pool.opened.length, 0);
  });
});

test('a call whose worker is lost ends as error, without audio, and its UUID is free', async (t) => {
  const { registry, pool, inv, archived } = create(t);
  inv();
  registry.lost(1, new Error('out of memory'));
  assert.equal(registry.liveCalls, 0);
  assert.equal(archived[0]?.media, null);
  assert.equal(archived[0]?.end.reason, 'error');
  assert.match(archived[0]?.end.words ?? '', /out of memory/);
  inv();
  assert.equal(pool.opened.length, 2);
  registry.lost(99, new Error('of no call'));
  registry.lost(2, new Error('again'));
  await registry.close();
  assert.equal(archived.length, 2);
});

describe('DATA of a UUID that nobody has announced', () => {
  test('opens a call with its third packet, one packet time before the first', (t) => {
    const { pool, clock, data, lines, drops } = create(t);
    data();
    clock.ns += 20e6;
    data('u', TAP, 'W');
    data('v');
    assert.equal(pool.opened.length, 0);
    clock.ns += 20e6;
    data();
    const { call, pair } = pool.opened[0] as (typeof pool.opened)[0];
    assert.deepEqual([call.uuid, call.address, pair], ['u', TAP.address, null]);
    assert.equal(Math.round((1e9 - call.startNs) / 1e3), 125, 'one byte of PCMU');
    assert.equal(pool.delivered.length, 3);
    assert.ok(lines.some(({ msg }) => msg.startsWith('inv-lost: ')));
    data();
    assert.equal(pool.delivered.length, 4);
    assert.deepEqual(drops(), {});
  });

  test('opens none where the packets are of two addresses, too far apart, or after a BYE', (t) => {
    const { pool, bye, data, pass, drops } = create(t);
    data('two');
    data('two', STRANGER);
    data('two', STRANGER);
    data('slow');
    pass(1500);
    data('slow');
    pass(1500);
    data('slow');
    data('bye');
    data('bye');
    bye('bye');
    data('bye');
    assert.equal(pool.opened.length, 0);
    pass(5000);
    assert.deepEqual(drops(), { 'no-call': 10 });
  });

  test('gets its caller when the INV comes late, and no second recording', async (t) => {
    const { registry, pool, inv, bye, data, takeSent, archived } = create(t);
    for (let i = 0; i < 3; i++) data();
    inv('u', TAP, null);
    assert.deepEqual(takeSent(), [BARE_ACK]);
    bye();
    registry.finished(1, MEDIA);
    await registry.close();
    assert.equal(pool.opened.length, 1);
    assert.equal(archived[0]?.call.inv.caller, '138');
  });

  test('of a call that has ended is late for a minute', async (t) => {
    const { registry, pool, inv, bye, data, pass, drops } = create(t);
    inv('u', TAP, null);
    bye();
    registry.finished(1, MEDIA);
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 5; i++) data();
    bye();
    pass(59_000);
    for (let i = 0; i < 5; i++) data();
    assert.equal(pool.opened.length, 1);
    assert.deepEqual(drops(), { late: 11 });
    pass(1000);
    for (let i = 0; i < 3; i++) data();
    assert.equal(pool.opened.length, 2);
  });

  test('keeps a call ended that max_duration has ended, for as long as it comes', (t) => {
    const { registry, pool, inv, data, pass } = create(t, { maxDurationMs: 1000 });
    inv('u', TAP, null);
    pass(1000);
    registry.finished(1, MEDIA);
    for (let i = 0; i < 10; i++) {
      for (let n = 0; n < 3; n++) data();
      pass(30_000);
    }
    assert.equal(pool.opened.length, 1);
  });
});

describe('a call that ended because nothing came', () => {
  test('goes on in a further segment when DATA comes from its address, and not from another', async (t) => {
    const { registry, pool, inv, bye, data, pass, archived, drops } = create(t);
    inv('u', TAP, null);
    registry.activity(1, 1e9);
    pass(60_000);
    assert.deepEqual(pool.resumable, [true]);
    registry.finished(1, MEDIA);
    pass(600_000);
    for (let i = 0; i < 3; i++) data('u', STRANGER);
    assert.equal(pool.opened.length, 1);
    for (let i = 0; i < 3; i++) data();
    assert.equal(pool.opened.length, 2);
    assert.equal(pool.delivered.length, 3);
    bye();
    registry.finished(2, MEDIA);
    await registry.close();
    const call = archived[1]?.call;
    assert.deepEqual([call?.inv.caller, call?.inv.callee], ['138', '9210']);
    assert.match(
      call?.warnings.join() ?? '',
      /^goes on from segment 1, which had ended: no packet/,
    );
    assert.deepEqual(drops(), { 'wrong-source': 3 });
  });

  test('goes on at its own ports, unless its UUID has a call again or its tap said BYE', (t) => {
    const { registry, pool, inv, bye, pass, takeSent } = create(t);
    const pairOf = (index: number) => pool.opened[index]?.pair as ReservedPair;
    inv();
    pass(30_000);
    registry.resumed({ callId: 1, uuid: 'u', startNs: 7e9 }, pairOf(0));
    assert.equal(pool.opened.length, 2);
    assert.equal(pool.opened[1]?.call.pairId, pairOf(0).pairId);
    assert.equal(pool.opened[1]?.call.startNs, 7e9);
    takeSent();
    inv();
    assert.deepEqual(takeSent(), [FIRST_ACK], 'the ports are the same');
    registry.resumed({ callId: 1, uuid: 'u', startNs: 8e9 }, pairOf(0));
    pass(60_000);
    bye();
    registry.resumed({ callId: 2, uuid: 'u', startNs: 9e9 }, pairOf(1));
    assert.equal(pool.opened.length, 2);
    inv();
    registry.resumed({ callId: 2, uuid: 'u', startNs: 9e9 }, pairOf(1));
    assert.equal(pool.opened.length, 3);
  });
});

describe('the ports of a call that may go on', () => {
  test('are watched for an hour', (t) => {
    const { registry, pool, inv, pass } = create(t);
    inv();
    pass(30_000);
    registry.finished(1, MEDIA);
    assert.deepEqual(pool.resumable, [true]);
    pass(3_599_750);
    assert.deepEqual(pool.unwatched, []);
    pass(250);
    assert.deepEqual(pool.unwatched, [1]);
  });

  test('are read before its BYE counts, which ends what has gone on there', (t) => {
    const { registry, pool, inv, bye, pass } = create(t);
    inv('u');
    pass(30_000);
    const pair = pool.opened[0]?.pair as ReservedPair;
    pool.found = (callId) => registry.resumed({ callId, uuid: 'u', startNs: 29e9 }, pair);
    bye('u');
    assert.deepEqual(
      pool.opened.map(({ call }) => [call.callId, call.startNs]),
      [
        [1, 1e9],
        [2, 29e9],
      ],
    );
    assert.deepEqual(
      pool.ended.map(({ callId, drainMs }) => [callId, drainMs]),
      [
        [1, 0],
        [2, 200],
      ],
    );
  });

  test('are watched no more once its tap says BYE, or its UUID has another call', (t) => {
    const { pool, inv, bye, pass } = create(t);
    inv('u');
    inv('v');
    pass(30_000);
    assert.deepEqual(pool.resumable, [true, true]);
    bye('u', STRANGER);
    assert.deepEqual(pool.unwatched, []);
    bye('u');
    assert.deepEqual(pool.unwatched, [1]);
    inv('v');
    assert.deepEqual(pool.unwatched, [1, 2]);
  });

  test('are watched too where they were ready only after its end, unless it is over by then', (t) => {
    const { registry, pool, inv, bye, pass } = create(t);
    pool.pairs = 'later';
    inv('u');
    inv('v');
    pass(30_000);
    bye('v');
    const pairs = [pool.pair(), pool.pair()] as const;
    pool.asking.forEach((answer, i) => void answer(pairs[i] as ReservedPair));
    assert.deepEqual(pool.resumable, [true, false]);
    registry.resumed({ callId: 1, uuid: 'u', startNs: 40e9 }, pairs[0]);
    assert.equal(pool.opened.length, 3);
  });
});

describe('a call whose worker died', () => {
  test('goes on when its DATA does, at the control port', async (t) => {
    const { registry, pool, inv, bye, data, archived, drops } = create(t);
    inv('u', TAP, null);
    data();
    registry.lost(1, new Error('out of memory'));
    for (let i = 0; i < 3; i++) data();
    assert.equal(pool.opened.length, 2);
    assert.equal(pool.delivered.length, 4);
    bye();
    registry.finished(2, MEDIA);
    await registry.close();
    assert.deepEqual(
      archived.map(({ end }) => end.reason),
      ['error', 'bye'],
    );
    assert.equal(archived[1]?.call.inv.caller, '138');
    assert.match(archived[1]?.call.warnings.join() ?? '', /had ended: its capture worker ended/);
    assert.deepEqual(drops(), {});
  });

  test('goes on at its own ports, which are watched unless it had ended', (t) => {
    const { registry, pool, inv, bye } = create(t);
    inv('u');
    inv('v');
    bye('v');
    registry.lost(1, new Error('out of memory'));
    registry.lost(2, new Error('out of memory'));
    assert.deepEqual(pool.unwatched, [2]);
    const pair = pool.pair();
    registry.resumed({ callId: 1, uuid: 'u', startNs: 7e9 }, pair);
    assert.equal(pool.opened[2]?.pair, pair);
    registry.resumed({ callId: 2, uuid: 'v', startNs: 7e9 }, pair);
    assert.equal(pool.opened.length, 3);
  });

  test('does not go on for ever, as it may be what kills the workers', (t) => {
    const { registry, pool, inv, data, drops } = create(t);
    inv('u', TAP, null);
    for (let callId = 1; callId <= 6; callId++) {
      registry.lost(callId, new Error('out of memory'));
      for (let i = 0; i < 3; i++) data();
    }
    assert.equal(pool.opened.length, 5);
    assert.deepEqual(drops(), { late: 6 });
  });

  test('says which of its ports can not be had again', (t) => {
    const { registry, lines } = create(t);
    registry.bindFailed(10_002, 'EADDRINUSE', 'u');
    const [line] = lines.filter(({ level }) => level === 'warn');
    assert.equal(line?.uuid, 'u');
    assert.match(line?.msg ?? '', /can not be bound again/);
  });
});

describe('a second tap takes over', () => {
  test('but one whose own BYE was lost does not get the call back', (t) => {
    const { registry, pool, clock, inv, bye, data } = create(t);
    inv('u', TAP, null);
    data('u', TAP);
    // From here on TAP is silent, though it said nothing, and the channel is tapped again.
    inv('u', SECOND, null);
    for (let i = 0; i < 300; i++) {
      clock.ns += 20e6;
      data('u', SECOND);
    }
    assert.ok(pool.delivered.length > 100, 'SECOND is recorded');
    bye('u', SECOND);
    assert.equal(registry.liveCalls, 0);
    assert.equal(pool.ended.length, 1);
  });

  test('and one stray datagram of long ago is no tap to go on with', (t) => {
    const { registry, clock, inv, bye, data } = create(t);
    inv('u', TAP, null);
    data('u', TAP);
    data('u', { ...TAP, port: 45_000 });
    for (let i = 0; i < 300; i++) {
      clock.ns += 20e6;
      data('u', TAP);
    }
    bye('u', TAP);
    assert.equal(registry.liveCalls, 0);
  });

  test('when the first says BYE; the BYE of the last one ends the call', async (t) => {
    const { registry, pool, inv, bye, data, archived } = create(t);
    inv();
    inv('u', SECOND, null);
    bye('u', TAP);
    assert.deepEqual(pool.legs, [{ callId: 1, isOpen: false }]);
    bye('u', TAP);
    data('u', SECOND);
    assert.equal(pool.delivered.length, 1);
    assert.equal(pool.ended.length, 0);
    bye('u', SECOND);
    assert.equal(pool.ended.length, 1);
    registry.finished(1, MEDIA);
    await registry.close();
    assert.equal(archived[0]?.call.notes.length, 1);
    assert.match(archived[0]?.call.notes[0]?.text ?? '', /40000 said BYE; the one from .*40100/);
  });

  test('when it sends for 2 s while the first is silent, and not after a silence of both', (t) => {
    const { pool, inv, data, pass } = create(t);
    inv('u', TAP, null);
    inv('u', SECOND, null);
    data('u', TAP);
    pass(10_000);
    data('u', SECOND);
    data('u', TAP);
    for (let i = 0; i < 7; i++) {
      pass(250);
      data('u', SECOND);
    }
    assert.equal(pool.delivered.length, 2);
    pass(250);
    data('u', SECOND);
    assert.equal(pool.delivered.length, 3);
    data('u', TAP);
    assert.equal(pool.delivered.length, 3, 'the first is the second now');
  });

  test('and gives way to the ports of the first when that goes on alone', (t) => {
    const { registry, pool, clock, inv, data, pass } = create(t);
    inv();
    inv('u', SECOND, null);
    registry.activity(1, clock.ns);
    for (let i = 0; i < 12; i++) {
      pass(250);
      data('u', SECOND);
    }
    assert.deepEqual(pool.legs, [{ callId: 1, isOpen: false }]);
    for (let i = 0; i < 12; i++) {
      pass(250);
      registry.duplicates(1, clock.ns);
    }
    assert.deepEqual(pool.legs.at(-1), { callId: 1, isOpen: true });
  });

  test('though its own INV was lost', (t) => {
    const { pool, inv, bye, data, drops } = create(t);
    inv('u', TAP, null);
    data('u', TAP, 'R');
    data('u', TAP, 'W');
    data('u', SECOND, 'R');
    data('u', { ...SECOND, port: 40_102 }, 'W');
    assert.equal(pool.delivered.length, 2);
    assert.deepEqual(drops(), { 'duplicate-tap': 2 });
    bye('u', TAP);
    data('u', SECOND, 'R');
    data('u', { ...SECOND, port: 40_102 }, 'W');
    assert.equal(pool.delivered.length, 4);
    bye('u', SECOND);
    assert.equal(pool.ended.length, 1);
  });
});

describe('media.source_lock', () => {
  test('strict takes DATA and BYE from the port of the INV only', (t) => {
    const { pool, inv, bye, data, drops } = create(t, {}, { sourceLock: 'strict' });
    inv('u', TAP, null);
    data('u', { ...TAP, port: 9 });
    bye('u', { ...TAP, port: 9 });
    data('u');
    assert.deepEqual([pool.delivered.length, pool.ended.length], [1, 0]);
    assert.deepEqual(drops(), { 'wrong-source': 2 });
    bye();
    assert.equal(pool.ended.length, 1);
  });

  test('off takes them from anywhere', (t) => {
    const { pool, inv, bye, data } = create(t, {}, { sourceLock: 'off' });
    inv('u', TAP, null);
    data('u', STRANGER);
    data('u', TAP);
    bye('u', STRANGER);
    assert.deepEqual([pool.delivered.length, pool.ended.length], [2, 1]);
  });
});

test('drops are counted by reason, and who is refused is named once', (t) => {
  const { registry, lines } = create(t);
  registry.malformed(TAP, 'why');
  registry.refused({ ...STRANGER, address: '192.0.2.1' });
  registry.refused({ ...STRANGER, address: '192.0.2.1' });
  assert.deepEqual([registry.drops.malformed, registry.drops['not-allowed']], [1, 2]);
  const named = lines.filter(({ msg }) => msg.includes('allow = ["10.0.0.0/8", "192.0.2.1"]'));
  assert.equal(named.length, 1);
});
