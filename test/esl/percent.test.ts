import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { ChannelOptions } from '../support/freeswitch/channel-options.ts';
import type { FakeChannel } from '../support/freeswitch/fake-channel.ts';
import { controlled, Stage } from './open-controller.ts';

const REFUSED = /has a percent sign, and FreeSWITCH crashes.*stop_command = true/;

const CRASHING: Record<string, ChannelOptions> = {
  'channel name': { name: 'sofia/internal/%s%s@127.0.0.1' },
  'dialled number': { callee: '9210%n' },
  UUID: { uuid: 'call-%s' },
};

function isAskedFor({ commands }: FakeFreeswitch, { uuid }: FakeChannel): boolean {
  return commands.some(({ text }) => text.startsWith(`bgapi uuid_rst ${uuid} `));
}

describe('a channel with a percent sign', () => {
  for (const [where, options] of Object.entries(CRASHING))
    test(`in its ${where} is not tapped, nor by hand`, async () => {
      await using pair = await controlled({}, { trigger: { confirmTimeoutMs: 20 } });
      const { fs, stage } = pair;
      const call = fs.channel(options).answer();
      await stage.until(() => stage.captures.failures.length === 1);
      assert.match(stage.captures.failures[0]?.reason ?? '', REFUSED);
      await assert.rejects(stage.controller.tap(call.uuid), { code: 'RST_ESL', message: REFUSED });
      assert.equal(isAskedFor(fs, call), false);
    });

  test('that came by a transfer is not tapped by hand', async () => {
    await using pair = await controlled({}, { rules: [{ action: 'skip' }] });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    call.transfer('%s%s%s');
    await assert.rejects(stage.controller.tap(call.uuid), { message: REFUSED });
    assert.equal(isAskedFor(fs, call), false);
  });

  test('whose dialplan taps it is recorded, and no call without audio is filed of it', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const tapOnAnswer = { host: '127.0.0.1', port: stage.captures.port };
    const call = fs.channel({ callee: '9210%n', tapOnAnswer }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.equal(isAskedFor(fs, call), false);
    assert.deepEqual(stage.captures.failures, []);
  });

  test('is tapped where stop_command says that the module is sound', async () => {
    await using fs = await FakeFreeswitch.start();
    const { host, port } = fs;
    const boxes = [{ name: 'fs1', host, port, stop_command: true }];
    await using stage = await new Stage([], { boxes }).open();
    await stage.connected();
    const call = fs.channel({ callee: '9210%n' }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
  });

  test('is tapped once the module has answered +OK to another tap, until the link is lost', async () => {
    await using pair = await controlled({ module: 'fixed' }, { trigger: { confirmTimeoutMs: 20 } });
    const { fs, stage } = pair;
    const { captures } = stage;
    fs.channel({ callee: '%' }).answer();
    await stage.until(() => captures.failures.length === 1);
    const other = fs.channel().answer();
    await stage.until(() => captures.live.includes(other.uuid));
    const call = fs.channel({ callee: '%' }).answer();
    await stage.until(() => captures.live.includes(call.uuid));
    fs.reset();
    await stage.connected(2);
    fs.channel({ callee: '%' }).answer();
    await stage.until(() => captures.failures.length === 2);
  });
});
