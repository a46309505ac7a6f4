import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { controlled } from './open-controller.ts';

/** Commands that start taps. */
const TAP = /^bgapi uuid_rst /;

describe('the controller', () => {
  for (const module of ['prebuilt', 'fixed'] as const)
    test(`has an answered call tapped once, with the ${module} module`, async () => {
      await using pair = await controlled({ module });
      const { fs, stage } = pair;
      const call = fs.channel({ callerName: '张三', callee: '9210' }).answer();
      await stage.until(() => stage.captures.live.includes(call.uuid));
      call.hold().unhold().hangup('NORMAL_CLEARING');
      await stage.until(() => stage.captures.hungUps.length === 1);
      const [channel] = stage.captures.hungUps;
      assert.ok(channel);
      assert.equal(channel.state, 'gone');
      assert.deepEqual(
        channel.notes.map(({ event }) => event),
        ['answered', 'held', 'unheld', 'hung-up'],
      );
      const { callerName, calleeNumber, box, hangupCause, answeredAtMs } = channel.info;
      assert.deepEqual(
        [callerName, calleeNumber, box, hangupCause],
        ['张三', '9210', 'fs1', 'NORMAL_CLEARING'],
      );
      assert.ok(answeredAtMs !== null && Math.abs(answeredAtMs - Date.now()) < 60_000);
      const commands = fs.commands.filter(({ text }) => TAP.test(text)).map(({ text }) => text);
      assert.deepEqual(commands, [`bgapi uuid_rst ${call.uuid} 127.0.0.1 ${stage.captures.port}`]);
      assert.deepEqual(stage.captures.failures, []);
    });
});
