import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { Faults } from '../support/freeswitch/faults.ts';
import { controlled, type Stage } from './open-controller.ts';

function tapCommands({ commands }: FakeFreeswitch): number {
  return commands.filter(({ text }) => text.startsWith('bgapi uuid_rst')).length;
}

/** Why the only call that failed did. */
async function reason(stage: Stage): Promise<string> {
  await stage.until(() => stage.captures.failures.length > 0);
  assert.equal(stage.captures.failures.length, 1);
  return stage.captures.failures[0]?.reason as string;
}

/** Answers to `uuid_rst` in their order; then FreeSWITCH's own. */
function answers(...texts: string[]): Partial<Faults> {
  return {
    answer: (command) => (command.startsWith('bgapi uuid_rst') ? texts.shift() : undefined),
  };
}

describe('a tap', () => {
  test('whose INV is lost is adopted by its DATA, and not asked for again', async () => {
    await using pair = await controlled({ taps: { form: 'old' } });
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('lose-inv');
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.deepEqual([tapCommands(fs), stage.captures.invs.length], [1, 0]);
  });

  test('that was accepted and is not there is asked for once more', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('no-bug');
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.deepEqual([tapCommands(fs), fs.taps.length], [2, 1]);
  });

  test('that runs and sends nothing is no second one, and the reason names the way of the packets', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('send-nothing');
    fs.channel().answer();
    assert.equal(
      await reason(stage),
      `the tap runs, but neither INV nor DATA came: check that UDP from 127.0.0.1 reaches 127.0.0.1:${stage.captures.port} (a firewall, NAT, advertise of this box) and that server.allow has 127.0.0.1`,
    );
    assert.deepEqual([tapCommands(fs), fs.taps.length], [1, 1]);
  });

  test('that FreeSWITCH accepts twice and never has fails with that', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('no-bug', 'no-bug');
    fs.channel().answer();
    assert.match(await reason(stage), /accepted uuid_rst, but neither INV nor DATA came/);
    assert.equal(tapCommands(fs), 2);
  });

  test('that another UUID overtakes is asked for by that', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const call = fs.channel({ uuid: 'before' }).answer();
    call.rename('after');
    await stage.until(() => stage.captures.live.includes('after'));
    assert.deepEqual(
      fs.commands.flatMap(({ text }) => /^bgapi uuid_rst \S+/.exec(text)?.[0] ?? []),
      ['bgapi uuid_rst before', 'bgapi uuid_rst after'],
    );
    assert.deepEqual(stage.captures.failures, []);
  });

  test('without the module fails with that, at once', async () => {
    await using pair = await controlled({ module: 'none' });
    const { fs, stage } = pair;
    fs.channel().answer();
    assert.match(await reason(stage), /^mod_rst is not loaded in FreeSWITCH/);
    assert.equal(tapCommands(fs), 1);
  });

  test('that is refused is asked for once more', async () => {
    await using pair = await controlled({ faults: answers('-ERR 50% busy\n') });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.deepEqual([tapCommands(fs), fs.taps.length], [2, 1]);
  });

  test('that is refused twice fails with what FreeSWITCH says', async () => {
    await using pair = await controlled({ faults: answers('-ERR 50% busy\n', '-ERR 50% busy\n') });
    const { fs, stage } = pair;
    fs.channel().answer();
    assert.equal(await reason(stage), 'FreeSWITCH refuses uuid_rst: "-ERR 50% busy"');
    assert.equal(tapCommands(fs), 2);
  });

  test('whose command never has a result is proved by its INV', async () => {
    const losesJob = (command: string) => command.startsWith('bgapi uuid_rst');
    await using pair = await controlled({ faults: { losesJob } });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.equal(tapCommands(fs), 1);
  });

  for (const name of ['execute_on_answer', 'api_on_answer_2'])
    test(`of the dialplan, by ${name}, is left to it`, async () => {
      await using pair = await controlled();
      const { fs, stage } = pair;
      const target = { host: '127.0.0.1', port: stage.captures.port };
      const variables = { [name]: `rst ${target.host} ${target.port}` };
      const call = fs.channel({ tapOnAnswer: target, variables }).answer();
      await stage.until(() => stage.captures.live.includes(call.uuid));
      call.hangup();
      await stage.until(() => stage.captures.hungUps.length === 1);
      assert.equal(tapCommands(fs), 0);
      assert.equal(fs.taps.length, 1);
    });

  test('that the dialplan promises and does not begin is asked for', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const call = fs.channel({ variables: { execute_on_answer: "'rst 127.0.0.1 1'" } }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.equal(tapCommands(fs), 1);
  });

  test('that runs already and is heard is adopted', async () => {
    await using pair = await controlled({
      module: 'fixed',
      faults: answers('-ERR already running\n'),
    });
    const { fs, stage } = pair;
    const target = { host: '127.0.0.1', port: stage.captures.port };
    const call = fs.channel({ tapOnAnswer: target }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.equal(fs.taps.length, 1);
    assert.deepEqual(stage.captures.failures, []);
  });

  test('that runs already and sends elsewhere fails with that', async () => {
    await using pair = await controlled({ module: 'fixed' });
    const { fs, stage } = pair;
    fs.channel({ tapOnAnswer: { host: '127.0.0.1', port: 9 } }).answer();
    assert.match(await reason(stage), /runs on this channel already.*sends elsewhere/);
    assert.equal(fs.taps.length, 1);
  });

  test('of a channel of another kind fails with that', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.channel({ name: 'loopback/9214-b' }).answer();
    assert.match(await reason(stage), /taps SIP channels .* this one is a loopback\/…/);
  });

  test('of another sofia profile fails with that', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.channel({ profile: 'wan' }).answer();
    assert.match(await reason(stage), /profiles internal and external/);
  });

  test('of a call that hangs up before fails with that', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('send-nothing');
    fs.channel().answer().hangup();
    assert.equal(await reason(stage), 'the call hung up before its tap began');
  });

  for (const uuid of ['a b', "a'b", 'a:b'])
    test(`is not asked for where the UUID is ${JSON.stringify(uuid)}`, async () => {
      await using pair = await controlled();
      const { fs, stage } = pair;
      fs.channel({ uuid }).answer();
      assert.match(await reason(stage), /may not stand in a command/);
      assert.equal(tapCommands(fs), 0);
    });
});
