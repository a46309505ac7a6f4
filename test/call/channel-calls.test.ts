import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ChannelInfo } from '../../src/call/index.ts';
import { channelOf, hangUp } from '../support/channel.ts';
import { MEDIA, openRegistry, SECOND, TAP } from './open-registry.ts';

/** A registry that knows the channel `u`. */
function create(t: TestContext, limits = {}, info: Partial<ChannelInfo> = {}) {
  const all = openRegistry(t, limits);
  const channel = channelOf(info);
  all.channels.add(channel);
  /** The call has media until now. */
  const heard = () => all.registry.activity(1, all.clock.ns);
  return { ...all, channel, heard };
}

describe('while its box says that the channel lives', () => {
  test('a call is never idle; from then on that it does not say so, silence counts', (t) => {
    const { registry, channel, inv, heard, pass } = create(t);
    inv();
    heard();
    pass(600_000);
    channel.state = 'unsure';
    pass(59_000);
    channel.state = 'vouched';
    pass(600_000);
    channel.state = 'unsure';
    pass(59_750);
    assert.equal(registry.liveCalls, 1);
    pass(500);
    assert.equal(registry.liveCalls, 0);
  });

  test('a call without media stays, and says so once', (t) => {
    const { registry, channel, inv, pass, warnings } = create(t);
    inv();
    pass(29_750);
    assert.deepEqual(warnings(), []);
    pass(600_000);
    assert.deepEqual(warnings(), [
      'no packet within 30 s of the INV; the call is kept, since FreeSWITCH says that its channel lives',
    ]);
    channel.state = 'unsure';
    pass(30_250);
    assert.equal(registry.liveCalls, 0);
  });

  test('max_duration counts all the same', (t) => {
    const { registry, inv, heard, pass } = create(t, { maxDurationMs: 5000 });
    inv();
    heard();
    pass(5000);
    assert.equal(registry.liveCalls, 0);
  });
});

describe('a channel that hangs up', () => {
  test('ends its call a second later, at the hangup, and tells no tap', async (t) => {
    const { registry, clock, channel, inv, heard, pass, takeSent, archived } = create(t);
    inv();
    heard();
    takeSent();
    pass(5000);
    const hungUpNs = clock.ns;
    registry.hungUp(hangUp(channel));
    pass(750);
    assert.equal(registry.liveCalls, 1);
    pass(250);
    assert.equal(registry.liveCalls, 0);
    assert.deepEqual(takeSent(), []);
    registry.finished(1, MEDIA);
    assert.deepEqual(archived[0]?.end, {
      reason: 'hangup',
      words: 'the channel hung up (NORMAL_CLEARING) and no BYE came',
      atNs: hungUpNs,
    });
    await registry.close();
  });

  test('leaves the end to the BYE that comes within that second', (t) => {
    const { registry, channel, inv, bye, pass, archived } = create(t);
    inv();
    registry.hungUp(hangUp(channel));
    pass(500);
    bye();
    pass(5000);
    registry.finished(1, MEDIA);
    assert.equal(archived[0]?.end.reason, 'bye');
  });

  test('is found under the UUID it had when the call began', (t) => {
    const { registry, channels, channel, inv, pass } = create(t);
    inv();
    channels.rename(channel, 'b');
    registry.hungUp(hangUp(channel));
    channels.remove(channel);
    pass(1000);
    assert.equal(registry.liveCalls, 0);
  });

  test('and had its UUID before the call began is not the call’s', (t) => {
    const { registry, channels, channel, inv, heard, pass, archived } = create(t);
    hangUp(channel);
    inv();
    heard();
    pass(2000);
    assert.equal(registry.liveCalls, 1);
    const next = channelOf({ box: 'fs2' });
    channels.add(next);
    pass(250);
    channels.remove(next);
    assert.equal(registry.stop('u', 'enough'), true);
    registry.finished(1, MEDIA);
    assert.equal(archived[0]?.call.facts.box, 'fs2');
  });

  test('on another box ends no call that has the same UUID', (t) => {
    const { registry, inv, heard, pass } = create(t);
    inv();
    heard();
    registry.hungUp(hangUp(channelOf({ box: 'fs2' })));
    pass(2000);
    assert.equal(registry.liveCalls, 1);
  });

  test('without a call, or after its end, ends nothing', (t) => {
    const { registry, channel, inv, bye, pass } = create(t);
    registry.hungUp(channel);
    inv();
    bye();
    registry.hungUp(hangUp(channel));
    pass(2000);
    assert.equal(registry.liveCalls, 0);
  });
});

describe('a call that ended with a BYE is filed', () => {
  test('once its box says why the channel hung up', async (t) => {
    const { registry, channel, inv, bye, archived } = create(t);
    inv();
    bye();
    registry.finished(1, MEDIA);
    assert.equal(archived.length, 0);
    registry.hungUp(hangUp(channel, 'USER_BUSY'));
    await registry.close();
    assert.equal(archived[0]?.call.channel?.info.hangupCause, 'USER_BUSY');
  });

  test('without waiting for that at a shutdown', async (t) => {
    const { registry, inv, bye, archived } = create(t);
    inv();
    bye();
    registry.finished(1, MEDIA);
    inv();
    bye();
    const closed = registry.close();
    registry.finished(2, MEDIA);
    await closed;
    assert.deepEqual(archived.map(({ call }) => call.callId).sort(), [1, 2]);
  });

  test('at once where the session of its box is down', (t) => {
    const { registry, channel, inv, bye, archived } = create(t);
    channel.state = 'unsure';
    inv();
    bye();
    registry.finished(1, MEDIA);
    assert.equal(archived.length, 1);
  });

  test('although its channel lives on, as when only the tap was removed', async (t) => {
    const { registry, inv, bye, archived } = create(t);
    t.mock.timers.reset();
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    inv();
    bye();
    registry.finished(1, MEDIA);
    t.mock.timers.tick(499);
    await null;
    assert.equal(archived.length, 0);
    t.mock.timers.tick(1);
    await null;
    await null;
    assert.equal(archived.length, 1);
  });
});

describe('a call that somebody stops', () => {
  test('ends for good: its taps get BYE, and what they still send is late', async (t) => {
    const { registry, pool, inv, data, pass, takeSent, archived, drops } = create(t);
    inv('u', TAP, null);
    inv('u', SECOND, null);
    data('u', SECOND);
    takeSent();
    assert.equal(registry.stop('u', 'stopped from the command line'), true);
    assert.deepEqual(takeSent(), ['BYE :u > 10.0.0.5:40000', 'BYE :u > 10.0.0.5:40100']);
    assert.equal(registry.stateOf('u'), 'none');
    registry.finished(1, MEDIA);
    for (let i = 0; i < 10; i++) {
      pass(50_000);
      data();
    }
    assert.equal(pool.opened.length, 1);
    assert.deepEqual(drops(), { 'duplicate-tap': 1, late: 10 });
    inv();
    assert.equal(pool.opened.length, 2);
    const closed = registry.close();
    registry.finished(2, MEDIA);
    await closed;
    const { reason, words } = archived[0]?.end ?? {};
    assert.deepEqual([reason, words], ['stopped', 'stopped from the command line']);
  });

  test('stays ended when its tap sends again after a long hold, until the channel is gone', (t) => {
    const { registry, channel, inv, data, pass } = create(t);
    inv();
    registry.stop('u', 'enough');
    registry.finished(1, MEDIA);
    const again = () => {
      pass(200_000);
      for (let packet = 0; packet < 5; packet++) data();
      return registry.liveCalls;
    };
    assert.equal(again(), 0);
    channel.state = 'gone';
    assert.equal(again(), 1);
  });

  test('is found under every UUID of its channel', (t) => {
    const { registry, channels, channel, inv, data, drops } = create(t);
    inv();
    channels.rename(channel, 'b');
    assert.equal(registry.stop('b', 'enough'), true);
    registry.finished(1, MEDIA);
    for (let i = 0; i < 3; i++) data('b');
    assert.equal(registry.liveCalls, 0);
    assert.deepEqual(drops(), { late: 3 });
  });

  test('must be there', (t) => {
    const { registry } = create(t);
    assert.equal(registry.stop('u', 'enough'), false);
  });
});

describe('a channel whose UUID has changed', () => {
  test('is not recorded twice when it is tapped again under its new one', (t) => {
    const { registry, pool, channels, channel, inv, data, takeSent, archived, bye, drops } =
      create(t);
    inv('u', TAP, null);
    channels.rename(channel, 'b');
    takeSent();
    inv('b', SECOND, null);
    assert.deepEqual(takeSent(), ['ACK :b > 10.0.0.5:40100']);
    data('b', SECOND);
    data('u', TAP);
    // Even where it sends from the port of the first.
    data('b', TAP);
    assert.equal(pool.opened.length, 1);
    assert.deepEqual(
      pool.delivered.map(({ text }) => text.slice(0, 6)),
      ['DATA:u'],
    );
    assert.deepEqual(drops(), { 'duplicate-tap': 2 });
    assert.deepEqual([registry.stateOf('u'), registry.stateOf('b')], ['live', 'live']);
    bye('b', SECOND);
    assert.equal(registry.liveCalls, 1);
    bye('u', TAP);
    registry.finished(1, MEDIA);
    assert.equal(archived.length, 0, 'the hangup is about to come');
    registry.hungUp(hangUp(channel));
  });

  test('goes on with the tap of its new one when the first says BYE', (t) => {
    const { registry, pool, channels, channel, inv, data, bye } = create(t);
    inv('u', TAP, null);
    channels.rename(channel, 'b');
    inv('b', SECOND, null);
    data('b', SECOND);
    bye('u', TAP);
    assert.equal(registry.liveCalls, 1);
    data('b', SECOND);
    assert.equal(pool.delivered.length, 1);
    bye('b', SECOND);
    assert.equal(registry.liveCalls, 0);
  });

  test('goes on in a further segment under its new one, and is not recorded under the first as well', (t) => {
    const { registry, pool, channels, channel, inv, pass } = create(t);
    const pair = pool.pair();
    inv();
    channel.state = 'unsure';
    pass(30_250);
    assert.equal(registry.liveCalls, 0);
    channels.rename(channel, 'b');
    inv('b');
    assert.deepEqual(pool.unwatched, [1]);
    registry.resumed({ callId: 1, uuid: 'u', startNs: 40e9 }, pair);
    assert.equal(registry.liveCalls, 1);
  });
});

describe('whoever asks for a tap', () => {
  test('hears of each call that begins', (t) => {
    const { began, channels, inv, data } = create(t);
    channels.add(channelOf({ uuid: 'v' }));
    inv('u');
    inv('u');
    for (let i = 0; i < 3; i++) data('v');
    assert.deepEqual(began, ['u', 'v']);
  });

  test('sees DATA that is too little yet to open a call', (t) => {
    const { registry, data, pass } = create(t);
    assert.equal(registry.stateOf('u'), 'none');
    data();
    assert.equal(registry.stateOf('u'), 'heard');
    data();
    data();
    assert.equal(registry.stateOf('u'), 'live');
    data('v');
    pass(2250);
    assert.equal(registry.stateOf('v'), 'none');
  });

  test('can have it filed that there was none, even while the server stops', async (t) => {
    const { registry, channel, untapped } = create(t, {}, { answeredAtMs: 1e300 });
    registry.notTapped(channel, 'mod_rst is not loaded');
    await registry.close();
    const [call] = untapped;
    assert.deepEqual([call?.reason, call?.name], ['mod_rst is not loaded', '2026-03-01/u']);
    assert.equal(call?.facts.caller, '0138');
    assert.equal(call?.facts.startedAtMs, call?.atMs);
  });
});

describe('a call whose tap of the dialplan was over before its box said that it was answered', () => {
  test('is filed once, as recorded', (t) => {
    const { registry, channels, untapped, inv, bye } = openRegistry(t);
    inv();
    bye();
    const channel = channelOf();
    channels.add(channel);
    registry.notTapped(channel, 'the call hung up before its tap began');
    assert.deepEqual(untapped, []);
    const next = channelOf();
    channels.claim(next);
    registry.notTapped(next, 'no module');
    assert.equal(untapped.length, 1);
  });
});

describe('what the events know', () => {
  test('is in the order to open the call: names, journal, tags and formats', (t) => {
    const { pool, channel, inv, lines } = create(t);
    channel.formats = ['stereo'];
    inv();
    const { formats, tags, journal } = pool.opened[0]?.call ?? assert.fail();
    assert.deepEqual(formats, ['stereo']);
    assert.equal(tags.artist, '0138 > 09210');
    const { caller, callee, box, direction } = journal as Record<string, unknown>;
    assert.deepEqual([caller, callee, box, direction], ['0138', '09210', 'fs1', 'inbound']);
    const record = (journal as { channel: Record<string, unknown> }).channel;
    assert.equal(record.answeredAt, '2026-03-01T00:00:00.000Z');
    assert.deepEqual(record.variables, { queue: '7' });
    assert.ok(lines.some((line) => line.msg === 'call started' && 'box' in line));
  });

  test('and did not know when the files were opened is inside them in the end', (t) => {
    const { pool, channels, inv, bye } = openRegistry(t);
    inv();
    inv('v');
    assert.deepEqual(pool.opened[0]?.call.formats, null);
    channels.add(channelOf());
    bye();
    bye('v');
    assert.deepEqual(pool.tags, [{ callId: 1, artist: '0138 > 09210' }]);
  });

  test('stays with the call when the session has forgotten the channel', (t) => {
    const { registry, channels, channel, inv, bye, archived } = create(t);
    inv();
    channels.remove(channel);
    bye();
    registry.finished(1, MEDIA);
    registry.hungUp(hangUp(channel));
    assert.equal(archived.length, 0);
  });

  test('leaves the numbers of the INV where it has none', (t) => {
    const { pool, inv } = create(t, {}, { callerNumber: '', calleeNumber: '' });
    inv();
    assert.equal(pool.opened[0]?.call.tags.artist, '138 > 9210');
  });
});

test('the calls that run are told with what their workers know, and without where these are silent', async (t) => {
  const { registry, pool, clock, inv } = create(t);
  inv();
  inv('v', SECOND);
  clock.ns += 2e9;
  const leg = { codec: 'PCMU' as const, packets: 5, lastArrivalNs: 1.5e9, levelDb: -20 };
  const silent = { codec: null, packets: 0, lastArrivalNs: -1, levelDb: null };
  pool.stats = async () => [{ callId: 1, legs: { R: leg, W: silent } }];
  const [first, second] = await registry.snapshot();
  const { startedAt, ...rest } = first ?? assert.fail();
  assert.match(startedAt, /^\d{4}-.*Z$/);
  const none = { codec: null, packets: 0, lastPacketMs: null, levelDb: null };
  assert.deepEqual(rest, {
    uuid: 'u',
    box: 'fs1',
    caller: '0138',
    callee: '09210',
    direction: 'inbound',
    ageMs: 2000,
    state: 'waiting',
    source: TAP,
    tracks: { R: { codec: 'PCMU', packets: 5, lastPacketMs: 1500, levelDb: -20 }, W: none },
  });
  assert.deepEqual([second?.box, second?.caller], [null, '138']);
  assert.deepEqual(second?.tracks, { R: none, W: none });
});
