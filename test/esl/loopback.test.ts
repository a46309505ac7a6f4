import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeChannel } from '../support/freeswitch/fake-channel.ts';
import { controlled } from './open-controller.ts';

/** Both ends of a loopback, as FreeSWITCH has them; the near one of `originator`, or of an API. */
function loopback(fs: FakeFreeswitch, originator?: FakeChannel) {
  const near = fs.channel({
    name: 'loopback/9214-a',
    direction: 'outbound',
    ...(originator && { originator }),
    variables: { loopback_leg: 'A', other_loopback_leg_uuid: 'far' },
  });
  const far = fs.channel({
    uuid: 'far',
    name: 'loopback/9214-b',
    direction: 'inbound',
    variables: { loopback_leg: 'B', other_loopback_leg_uuid: near.uuid },
  });
  return { near: near.answer(), far: far.answer() };
}

describe('a loopback', () => {
  test('that a call is bridged to has the call recorded, and none filed without audio', async () => {
    await using pair = await controlled({}, { trigger: { confirmTimeoutMs: 20 } });
    const { fs, stage } = pair;
    const { captures, channels } = stage;
    const a = fs.channel();
    const { near, far } = loopback(fs, a);
    a.answer().bridge(near);
    const c = fs.channel({ direction: 'outbound', originator: far }).answer();
    far.bridge(c);
    await stage.until(() => captures.live.includes(a.uuid));
    assert.equal(channels.get('far')?.info.originator, near.uuid);
    for (const call of [c, far, near, a]) call.hangup();
    await stage.until(() => captures.hungUps.length === 4);
    assert.deepEqual(captures.failures, []);
    assert.equal(fs.taps.length, 1);
  });

  test('that an API made is one call, which could not be tapped', async () => {
    await using pair = await controlled({}, { trigger: { confirmTimeoutMs: 20 } });
    const { fs, stage } = pair;
    const { near, far } = loopback(fs);
    await stage.until(() => stage.captures.failures.length === 1);
    for (const call of [far, near]) call.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.deepEqual(
      stage.captures.failures.map(({ channel }) => channel.info.uuid),
      [near.uuid],
    );
  });
});
