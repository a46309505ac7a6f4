import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeChannel } from '../support/freeswitch/fake-channel.ts';
import { controlled, type Setup, Stage } from './open-controller.ts';

/** A talks with B, by a bridge that A made; the A leg is tapped unless rules say otherwise. */
async function talk(setup: Setup = {}, variables: Record<string, string> = {}) {
  const pair = await controlled({}, setup);
  const a = pair.fs.channel({ callerNumber: '100', callee: '9302' });
  const b = pair.fs.channel({ direction: 'outbound', originator: a, variables }).answer();
  a.answer().bridge(b);
  return { ...pair, a, b };
}

const tapped = (...calls: FakeChannel[]) => calls.flatMap(({ taps }) => [...taps]).length;

function isLive({ captures }: Stage, { uuid }: FakeChannel): boolean {
  return captures.stateOf(uuid) === 'live';
}

describe('a conversation that its A leg leaves', () => {
  test('by an attended transfer stays recorded, once', async () => {
    await using pair = await talk();
    const { fs, stage, a, b } = pair;
    await stage.until(() => isLive(stage, a));
    const c = fs.channel({ direction: 'outbound', originator: a }).answer();
    a.unbridge().bridge(c);
    a.hangup();
    c.bridge(b);
    await stage.until(() => isLive(stage, c) || isLive(stage, b));
    assert.equal(tapped(a, b, c), 1);
    assert.equal(isLive(stage, c), true);
  });

  test('while the A leg of the other one is still there stays recorded, once', async () => {
    await using pair = await talk();
    const { fs, stage, a, b } = pair;
    const a2 = fs.channel();
    const b2 = fs.channel({ direction: 'outbound', originator: a2 }).answer();
    a2.answer().bridge(b2);
    await stage.until(() => isLive(stage, a) && isLive(stage, a2));
    a2.unbridge();
    a.hangup();
    b.bridge(b2);
    await stage.until(() => isLive(stage, b));
    a2.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.deepEqual([tapped(b), tapped(b2)], [1, 0]);
  });

  test('by an intercept of somebody who is recorded is not recorded twice', async () => {
    await using pair = await talk();
    const { fs, stage, a, b } = pair;
    const c = fs.channel().answer();
    await stage.until(() => isLive(stage, a) && isLive(stage, c));
    a.hangup('PICKED_OFF');
    c.bridge(b);
    b.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.equal(fs.taps.length, 2);
    assert.equal(tapped(b), 0);
  });

  test('by an intercept of somebody who is not stays recorded, in the formats of its rule', async () => {
    await using pair = await talk({
      rules: [{ caller: '100', formats: ['stereo'] }, { action: 'skip' }],
    });
    const { fs, stage, a, b } = pair;
    await stage.until(() => isLive(stage, a));
    const c = fs.channel({ callerNumber: '666' }).answer();
    a.hangup('PICKED_OFF');
    c.bridge(b);
    await stage.until(() => isLive(stage, b));
    assert.equal(tapped(c), 0);
    assert.deepEqual(stage.channels.get(b.uuid)?.formats, ['stereo']);
  });

  test('and that goes on by two transfers stays recorded', async () => {
    await using pair = await talk();
    const { fs, stage, a, b } = pair;
    await stage.until(() => isLive(stage, a));
    const c = fs.channel({ direction: 'outbound', originator: b }).answer();
    a.hangup();
    b.bridge(c);
    await stage.until(() => isLive(stage, b));
    const d = fs.channel({ direction: 'outbound', originator: c }).answer();
    b.hangup();
    c.bridge(d);
    await stage.until(() => isLive(stage, c));
    assert.deepEqual([tapped(c), tapped(d)], [1, 0]);
  });

  test('is not recorded where its A leg was not, or a leg says so', async () => {
    for (const [setup, variables] of [
      [{ rules: [{ action: 'skip' }] }, {}],
      [{}, { rst_record: 'false' }],
    ] as [Setup, Record<string, string>][]) {
      await using pair = await talk(setup, variables);
      const { fs, stage, a, b } = pair;
      const c = fs.channel({ direction: 'outbound', originator: b, variables }).answer();
      a.hangup();
      b.bridge(c);
      c.hangup();
      await stage.until(() => stage.captures.hungUps.length === 2);
      assert.equal(tapped(b, c), 0);
    }
  });

  test('is not recorded again where somebody stopped its recording', async () => {
    await using pair = await talk();
    const { fs, stage, a, b } = pair;
    await stage.until(() => isLive(stage, a));
    await stage.controller.untap(a.uuid);
    const c = fs.channel({ direction: 'outbound', originator: a }).answer();
    a.hangup();
    c.bridge(b);
    c.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.equal(tapped(b, c), 0);
  });

  test('of which nobody knows the A leg is recorded as if it were one', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const a = fs.channel().answer();
    const b = fs.channel({ direction: 'outbound', originator: a }).answer();
    await stage.until(() => isLive(stage, a));
    await stage.controller.close();
    a.hangup();
    const c = fs.channel({ direction: 'outbound', originator: a }).answer();
    b.bridge(c);
    await using second = await new Stage([fs]).open();
    await second.connected();
    await second.until(() => second.captures.live.length === 1);
    assert.equal(tapped(b, c), 1);
  });
});
