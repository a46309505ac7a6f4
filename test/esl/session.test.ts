import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import { controlled, type Line, Stage, settingsOf } from './open-controller.ts';

const isError = ({ level }: Line) => level === 'error';
const isWarning = ({ level }: Line) => level === 'warn';

function logins({ commands }: FakeFreeswitch): number {
  return commands.filter(({ text }) => /^(user)?auth /.test(text)).length;
}

describe('a session', () => {
  test('says a wrong password once, tries it again slowly, and never names it', async () => {
    await using fs = await FakeFreeswitch.start({ password: 'right' });
    await using stage = await new Stage([fs]).open();
    await fs.until(() => logins(fs) === 3, 'three tries');
    const errors = stage.lines.filter(isError);
    assert.equal(errors.length, 1);
    assert.match(errors[0]?.msg ?? '', /refuses this password.*event_socket\.conf\.xml/);
    assert.ok(!JSON.stringify(stage.lines).includes('ClueCon'));
    const [box] = stage.controller.boxes();
    assert.match(box?.lastError ?? '', /password/);
  });

  test('says once that nobody is there, goes on trying, and connects when somebody is', async () => {
    await using fs = await FakeFreeswitch.start();
    await fs.stop();
    await using stage = await new Stage([fs]).open();
    await stage.logged(isWarning);
    await stage.logged(({ msg }) => msg === 'still not connected');
    await fs.startAgain();
    await stage.connected();
    assert.equal(stage.lines.filter(isWarning).length, 1);
    const [box] = stage.controller.boxes();
    assert.equal(box?.state, 'ready');
    assert.equal(box?.coreUuid, fs.coreUuid);
    assert.equal(box?.version, '1.10.12-release~64bit');
    assert.equal(box?.advertised, `127.0.0.1:${stage.captures.port}`);
  });

  test('says each reason once, though one comes after the other again and again', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      if (connections++ % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const boxes = [{ name: 'fs1', host: '127.0.0.1', port }];
    {
      await using stage = await new Stage([], { boxes }).open();
      const again = () => stage.lines.filter(({ msg }) => msg === 'still not connected');
      await stage.until(() => again().length >= 6);
      const said = stage.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
      assert.equal(said.length, new Set(said).size);
    }
    server.close();
  });

  test('begins again after a RST: calls go on, those answered meanwhile are tapped, those that ended have', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const [stays, leaves] = [fs.channel().answer(), fs.channel().answer()];
    await stage.until(() => stage.captures.live.length === 2);
    fs.faults.noBye = true;
    fs.reset();
    await stage.until(() => stage.channels.get(stays.uuid)?.state === 'unsure');
    const meanwhile = fs.channel().answer();
    leaves.hangup();
    await stage.connected(2);
    await stage.until(() => stage.captures.live.includes(meanwhile.uuid));
    assert.equal(stage.channels.get(stays.uuid)?.state, 'vouched');
    assert.deepEqual(
      stage.captures.hungUps.map(({ info }) => info.uuid),
      [leaves.uuid],
    );
    assert.deepEqual(fs.taps.map(({ uuid }) => uuid).sort(), [
      ...[stays.uuid, leaves.uuid, meanwhile.uuid].sort(),
    ]);
  });

  test('has a call tapped again whose recording ended while the box was away', async () => {
    await using pair = await controlled({ module: 'fixed' });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    const stopped = fs.channel().answer();
    await stage.until(() => stage.captures.live.length === 2);
    await stage.controller.untap(stopped.uuid);
    fs.reset();
    await stage.until(() => stage.channels.get(call.uuid)?.state === 'unsure');
    stage.captures.end(call.uuid);
    for (const tap of call.taps) await tap.close();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.deepEqual(
      stage.captures.begun.filter((uuid) => uuid === stopped.uuid),
      [stopped.uuid],
    );
  });

  test('knows that a FreeSWITCH that was started again has none of its calls', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const before = fs.channel({ uuid: 'before' }).answer();
    await stage.until(() => stage.captures.live.includes(before.uuid));
    await fs.restart('crash');
    await stage.until(() => stage.captures.hungUps.length === 1);
    await stage.connected(2);
    const after = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(after.uuid));
    const [channel] = stage.captures.hungUps;
    assert.equal(channel?.state, 'gone');
    assert.equal(channel?.notes.at(-1)?.text, 'FreeSWITCH was started again');
  });

  test('that hears nothing any more, not even a heartbeat, begins again', async () => {
    await using pair = await controlled({}, { esl: { heartbeatTimeoutMs: 300 } });
    const { fs, stage } = pair;
    fs.freeze();
    const line = await stage.logged(isWarning);
    assert.match(line.msg, /said nothing for 300 ms, not even a HEARTBEAT/);
    fs.thaw();
    await stage.connected(2);
  });

  test('that hears heartbeats stays as it is', async () => {
    await using pair = await controlled({ heartbeatMs: 50 }, { esl: { heartbeatTimeoutMs: 1000 } });
    const { fs, stage } = pair;
    await using other = await FakeFreeswitch.start();
    // Longer than the time-out, and measured by another session that runs out of it.
    await using silent = await new Stage([other], { esl: { heartbeatTimeoutMs: 1500 } }).open();
    await silent.logged(isWarning);
    assert.equal(stage.controller.boxes()[0]?.state, 'ready');
    assert.equal(logins(fs), 1);
  });

  test('refuses a FreeSWITCH that another box is already, once, and has its calls tapped once', async () => {
    await using fs = await FakeFreeswitch.start();
    const { host, port } = fs;
    await using stage = await new Stage([], {
      boxes: [
        { name: 'one', host, port },
        { name: 'two', host, port },
      ],
    }).open();
    const line = await stage.logged(isError);
    assert.match(line.msg, /^box "(one|two)" \(.*\) is the same FreeSWITCH as box "(one|two)"/);
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    await fs.until(() => logins(fs) >= 4, 'four tries');
    assert.equal(stage.lines.filter(isError).length, 1);
    assert.equal(fs.taps.length, 1);
    const ready = stage.controller.boxes().filter(({ state }) => state === 'ready');
    assert.equal(ready.length, 1);
  });

  test('takes the bytes of its box in any pieces', async () => {
    await using pair = await controlled({ faults: { chunkBytes: 1 } });
    const { fs, stage } = pair;
    const call = fs.channel({ callerName: '张三' }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.equal(stage.channels.get(call.uuid)?.info.callerName, '张三');
  });
});

describe('a reload', () => {
  test('keeps the links of boxes that are as before, and says what changed', async () => {
    await using one = await FakeFreeswitch.start();
    await using two = await FakeFreeswitch.start();
    await using stage = await new Stage([one]).open();
    await stage.connected();
    const changes = stage.controller.reload(
      settingsOf([one, two], { rules: [{ caller: '666', action: 'skip' }] }),
    );
    assert.deepEqual(changes, [
      '1 rule decides about calls from now on',
      'box fs2 is new and is connected to',
    ]);
    await stage.connected(2);
    assert.deepEqual([logins(one), logins(two)], [1, 1]);
    const skipped = one.channel({ callerNumber: '666' }).answer();
    const call = one.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.ok(!stage.captures.live.includes(skipped.uuid));
    assert.deepEqual(stage.controller.reload(settingsOf([one], {})), [
      '0 rules decide about calls from now on',
      'box fs2 is left; what is recorded of it goes on',
    ]);
    await two.until(() => two.connections === 0, 'the end of the link');
    assert.equal(one.connections, 1);
  });

  test('of the password of a box whose call is recorded loses nothing of it', async () => {
    await using pair = await controlled({ users: { 'rst@pbx': 'secret' } });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    const channel = stage.channels.get(call.uuid);
    const { host, port } = fs;
    const box = { name: 'fs1', host, port, user: 'rst@pbx', password: 'secret' };
    const changes = stage.controller.reload(settingsOf([], { boxes: [box] }));
    assert.deepEqual(changes, ['box fs1 has changed and is connected to anew']);
    await stage.connected(2);
    assert.equal(stage.channels.get(call.uuid), channel);
    assert.equal(channel?.state, 'vouched');
    assert.equal(fs.taps.length, 1);
    assert.ok(!JSON.stringify(stage.lines).includes('secret'));
  });
});

describe('a command', () => {
  test('taps a call that the rules skip, stops it, and taps it again', async () => {
    await using pair = await controlled({}, { rules: [{ action: 'skip' }] });
    const { fs, stage } = pair;
    const { controller } = stage;
    const call = fs.channel().answer();
    const { uuid } = call;
    assert.equal(await controller.tap(uuid), `${uuid} on fs1 is recorded from now on`);
    assert.equal(await controller.tap(uuid, 'fs1'), `${uuid} on fs1 is recorded already`);
    assert.equal(await controller.untap(uuid), `the recording of ${uuid} has ended`);
    await assert.rejects(controller.untap(uuid), { code: 'RST_NOT_FOUND' });
    // The prebuilt module's tap still runs, and nobody listens to it.
    await controller.tap(uuid);
    assert.deepEqual(stage.captures.begun, [uuid, uuid]);
    assert.equal(call.taps.size, 2);
    assert.ok(!fs.commands.some(({ text }) => text.includes('rst_stop')));
  });

  test('taps no call that is being tapped a second time', async () => {
    await using pair = await controlled({ faults: { replyDelayMs: 50 } });
    const { fs, stage } = pair;
    const { uuid } = fs.channel().answer();
    await stage.until(() => stage.channels.get(uuid) !== undefined);
    await Promise.all([stage.controller.tap(uuid), stage.controller.tap(uuid)]);
    assert.equal(fs.taps.length, 1);
  });

  test('is told what is wrong with it', async () => {
    await using pair = await controlled({ module: 'none' }, { rules: [{ action: 'skip' }] });
    const { fs, stage } = pair;
    const { controller } = stage;
    const { uuid } = fs.channel().answer();
    await assert.rejects(controller.tap(uuid), {
      code: 'RST_ESL',
      message: /mod_rst is not loaded/,
    });
    const isUnknown = { code: 'RST_NOT_FOUND', message: /no box has/ };
    await assert.rejects(controller.tap('nobody'), isUnknown);
    await assert.rejects(controller.tap('a b'), isUnknown);
    await assert.rejects(controller.tap(uuid, 'fs9'), { code: 'RST_NOT_FOUND', message: /fs1/ });
    await assert.rejects(controller.untap('nobody'), { code: 'RST_NOT_FOUND' });
    assert.deepEqual(stage.captures.failures, []);
  });

  test('is told that the box is away, or one of them', async () => {
    await using fs = await FakeFreeswitch.start();
    await using away = await FakeFreeswitch.start();
    await using stage = await new Stage([fs, away], { rules: [{ action: 'skip' }] }).open();
    await stage.connected(2);
    const { controller } = stage;
    const { uuid } = away.channel().answer();
    await stage.until(() => stage.channels.get(uuid) !== undefined);
    await away.stop();
    await stage.logged(({ level, box }) => level === 'warn' && box === 'fs2');
    const isAway = { code: 'RST_NOT_REACHABLE', message: /no connection to fs2/ };
    await assert.rejects(controller.tap(uuid), isAway);
    await assert.rejects(controller.tap('nobody', 'fs2'), isAway);
    await assert.rejects(controller.tap('nobody'), {
      code: 'RST_NOT_FOUND',
      message: /no box has .*; not connected: fs2/,
    });
  });

  test('whose link is lost while it waits is told so', async () => {
    await using pair = await controlled(
      {},
      { rules: [{ action: 'skip' }], trigger: { confirmTimeoutMs: 20_000 } },
    );
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('send-nothing');
    const { uuid } = fs.channel().answer();
    await stage.until(() => stage.channels.get(uuid) !== undefined);
    const tapped = assert.rejects(stage.controller.tap(uuid), { code: 'RST_NOT_REACHABLE' });
    await fs.received(/^bgapi uuid_rst/);
    fs.reset();
    await tapped;
  });

  test('finds a channel by a UUID that it had', async () => {
    await using pair = await controlled({}, { rules: [{ action: 'skip' }] });
    const { fs, stage } = pair;
    const call = fs.channel({ uuid: 'before' }).answer();
    await stage.until(() => stage.channels.get('before') !== undefined);
    call.rename('after');
    const next = fs.channel().answer();
    await stage.until(() => stage.channels.get(next.uuid) !== undefined);
    await stage.controller.tap('before');
    assert.equal(call.taps.size, 1);
  });

  test('never sends rst_stop with a UUID that is more than a word', async () => {
    const uuid = "a'b";
    await using fs = await FakeFreeswitch.start({ module: 'fixed' });
    const { host, port } = fs;
    const boxes = [{ name: 'fs1', host, port, stop_command: true }];
    await using stage = await new Stage([], { boxes }).open();
    await stage.connected();
    const tapOnAnswer = { host: '127.0.0.1', port: stage.captures.port };
    fs.channel({ uuid, tapOnAnswer }).answer();
    await stage.until(() => stage.captures.live.includes(uuid));
    await stage.controller.untap(uuid);
    assert.ok(!fs.commands.some(({ text }) => text.includes('rst_stop')));
  });

  test('stops the tap too where the module is known to be sound', async () => {
    await using fs = await FakeFreeswitch.start({ module: 'fixed' });
    const { host, port } = fs;
    const boxes = [{ name: 'fs1', host, port, stop_command: true }];
    await using stage = await new Stage([], { boxes }).open();
    await stage.connected();
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    await stage.controller.untap(call.uuid);
    assert.equal(call.taps.size, 0);
  });
});
