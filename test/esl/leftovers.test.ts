import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Channels } from '../../src/call/index.ts';
import { Leftovers } from '../../src/esl/leftovers.ts';
import { Watch } from '../../src/esl/watch.ts';
import { channelOf } from '../support/channel.ts';
import { controlled, settingsOf } from './open-controller.ts';

const MINUTE_MS = 60_000;
const RECORD = { action: 'record', formats: null, rule: null, why: '' } as const;

function open(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  let state: 'live' | 'none' = 'live';
  const channels = new Channels();
  const channel = channelOf();
  channels.add(channel);
  const leftovers = new Leftovers({
    channels,
    captures: { stateOf: () => state },
    now: () => nowMs * 1e6,
  });
  const watch = new Watch({
    channel,
    decision: RECORD,
    asALeg: RECORD,
    hasWish: false,
    tapsItself: false,
    transferSource: '',
    hasPercent: false,
  });
  const pass = (minutes: number) => {
    for (let i = 0; i < minutes; i++) {
      nowMs += MINUTE_MS;
      t.mock.timers.tick(MINUTE_MS);
    }
  };
  const endCall = () => {
    state = 'none';
  };
  return { channels, channel, leftovers, watch, pass, endCall };
}

describe('a channel whose box is removed', () => {
  test('is known as long as it is recorded, and an hour longer', (t) => {
    const { channels, channel, leftovers, watch, pass, endCall } = open(t);
    leftovers.keep(watch);
    pass(600);
    endCall();
    pass(59);
    assert.equal(channels.get('u'), channel);
    pass(2);
    assert.deepEqual([channels.size, leftovers.size], [0, 0]);
  });

  test('is left to the box that has it again, stopped if it was', (t) => {
    const { channels, channel, leftovers, watch, pass, endCall } = open(t);
    watch.apply('stop');
    leftovers.keep(watch);
    assert.equal(leftovers.take({ ...channel.info, answeredAtMs: 1 }), null);
    const left = leftovers.take({ ...channel.info, box: 'fs2' });
    assert.deepEqual([left?.channel === channel, left?.isStopped], [true, true]);
    assert.equal(leftovers.take(channel.info), null);
    endCall();
    pass(600);
    assert.equal(channels.get('u'), channel);
  });

  test('is not kept by who has closed', (t) => {
    const { leftovers, watch } = open(t);
    leftovers.close();
    leftovers.keep(watch);
    assert.equal(leftovers.size, 0);
  });

  test('by a reload stays known where it is recorded, by each of its UUIDs; others do not', async () => {
    await using pair = await controlled({}, { rules: [{ caller: '1' }, { action: 'skip' }] });
    const { fs, stage } = pair;
    const call = fs.channel({ uuid: 'before', callerNumber: '1' }).answer();
    const other = fs.channel({ callerNumber: '2' }).answer();
    await stage.until(() => stage.captures.live.includes('before'));
    call.rename('after');
    other.hold();
    await stage.until(() => stage.channels.get('after') !== undefined);
    const channel = stage.channels.get('before');
    assert.deepEqual(stage.controller.reload(settingsOf([], {})), [
      '0 rules decide about calls from now on',
      'box fs1 is left; what is recorded of it goes on',
    ]);
    assert.equal(stage.channels.get('after'), channel);
    assert.equal(channel?.state, 'unsure');
    assert.equal(stage.channels.size, 1);
    const moved = { name: 'fs2', host: fs.host, port: fs.port };
    const changes = stage.controller.reload(settingsOf([], { boxes: [moved], rules: [{}] }));
    assert.deepEqual(changes, [
      '1 rule decides about calls from now on',
      'box fs2 is new and is connected to',
    ]);
    await stage.connected(2);
    assert.equal(stage.channels.get('before'), channel);
    assert.deepEqual([channel?.state, channel?.info.box], ['vouched', 'fs2']);
    assert.equal(call.taps.size, 1);
  });

  test('and whose recording was stopped stays stopped when the box is connected to anew', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    await stage.controller.untap(call.uuid);
    const { host, port } = fs;
    const box = { name: 'fs1', host, port, advertise: `127.0.0.1:${stage.captures.port}` };
    stage.controller.reload(settingsOf([], { boxes: [box] }));
    await stage.connected(2);
    await fs.received(/^api uuid_dump/);
    const after = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(after.uuid));
    assert.equal(call.taps.size, 1);
    assert.ok(!fs.commands.some(({ text }) => text.startsWith('api uuid_buglist')));
    assert.deepEqual(stage.captures.failures, []);
  });
});
