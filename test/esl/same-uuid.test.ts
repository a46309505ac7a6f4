import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import { Stage } from './open-controller.ts';

describe('one UUID on two boxes, as SIP’s Call-ID can be', () => {
  test('is two channels: the end of the one that is skipped is no end of the other', async () => {
    await using one = await FakeFreeswitch.start();
    await using two = await FakeFreeswitch.start();
    await using stage = await new Stage([one, two]).open();
    await stage.connected(2);
    const { captures } = stage;
    const a = one.channel().answer();
    await stage.until(() => captures.live.includes(a.uuid));
    const onTwo = two.channel({ uuid: 'same', callerNumber: '2' }).answer();
    await stage.until(() => captures.live.includes('same'));
    const recorded = stage.channels.get('same');
    const onOne = one.channel({ uuid: 'same', direction: 'outbound', originator: a }).answer();
    onOne.hold();
    onOne.hangup();
    await stage.until(() => captures.hungUps.length === 1);
    assert.equal(captures.hungUps[0]?.info.box, 'fs1');
    assert.equal(stage.channels.get('same'), recorded);
    assert.deepEqual([recorded?.info.box, recorded?.state], ['fs2', 'vouched']);
    assert.deepEqual(
      recorded?.notes.map(({ event }) => event),
      ['answered'],
    );
    onTwo.hangup();
    await stage.until(() => captures.hungUps.length === 2);
    assert.equal(captures.hungUps[1], recorded);
  });

  test('is that of the recorded one, though the other one came first', async () => {
    await using one = await FakeFreeswitch.start();
    await using two = await FakeFreeswitch.start();
    await using stage = await new Stage([one, two], {
      rules: [{ box: 'fs1', action: 'skip' }],
    }).open();
    await stage.connected(2);
    one.channel({ uuid: 'same' }).answer();
    await stage.until(() => stage.channels.get('same')?.info.box === 'fs1');
    two.channel({ uuid: 'same' }).answer();
    await stage.until(() => stage.captures.live.includes('same'));
    assert.equal(stage.channels.get('same')?.info.box, 'fs2');
    assert.deepEqual(stage.captures.failures, []);
  });
});
