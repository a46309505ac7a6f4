import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { formatControl, parseControl } from '../../src/protocol/index.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeFreeswitchOptions } from '../support/freeswitch/options.ts';
import { controlled, type Setup, Stage } from './open-controller.ts';

/** Longer than a test may take. */
const NEVER = { trigger: { confirmTimeoutMs: 60_000 } };
const MODULE: FakeFreeswitchOptions = { module: 'own', taps: { retryMs: 20 } };

/** Why the first call that failed did. */
async function reason(stage: Stage): Promise<string> {
  await stage.until(() => stage.captures.failures.length > 0);
  return stage.captures.failures[0]?.reason as string;
}

/** A server that is not ours, and may answer or not. */
async function otherServer(how: 'answers' | 'is silent') {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (bytes, { address, port }) => {
    const message = parseControl(bytes);
    if (how === 'is silent' || (message.kind !== 'inv' && message.kind !== 'bye')) return;
    const { uuid } = message;
    socket.send(formatControl({ kind: 'ack', uuid, ports: null }), port, address);
  });
  const { port } = socket.address();
  return {
    host: '127.0.0.1',
    port,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** A controller whose box is told to send somewhere else. */
async function advertised(fs: FakeFreeswitch, advertise: string, setup: Setup = {}) {
  const { host, port } = fs;
  const stage = new Stage([], { ...setup, boxes: [{ name: 'fs1', host, port, advertise }] });
  await stage.open();
  await stage.connected();
  return stage;
}

describe('the module in mod_rst/', () => {
  test('is known before it has tapped anything: percent signs, loopback and other profiles are tapped', async () => {
    await using pair = await controlled(MODULE, NEVER);
    const { fs, stage } = pair;
    const calls = [
      fs.channel({ callee: '9210%n' }),
      fs.channel({ name: 'loopback/9214-a', direction: 'outbound' }),
      fs.channel({ profile: 'wan' }),
    ];
    for (const call of calls) call.answer();
    await stage.until(() => stage.captures.live.length === 3);
    assert.deepEqual(stage.captures.failures, []);
  });

  test('has what it says of a tap noted beside what happens to the channel', async () => {
    await using pair = await controlled(MODULE, NEVER);
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.logged(({ msg }) => msg === 'mod_rst says start of a tap');
    fs.say('CUSTOM', {
      'Event-Subclass': 'rst::error',
      'Unique-ID': call.uuid,
      'RST-Destination': `127.0.0.1:${stage.captures.port}`,
      'RST-Reason': 'the server has gone',
    });
    const line = await stage.logged(({ msg }) => msg === 'a tap is in trouble');
    assert.deepEqual(
      [line.level, line.uuid, line.reason],
      ['warn', call.uuid, 'the server has gone'],
    );
    call.hangup();
    await stage.logged(({ msg }) => msg === 'mod_rst says stop of a tap');
    const to = `to 127.0.0.1:${stage.captures.port}:`;
    assert.deepEqual(
      stage.channels
        .get(call.uuid)
        ?.notes.flatMap(({ event, text }) => (event.startsWith('tap-') ? [event, text] : [])),
      [
        ...['tap-started', `${to} the server has answered`],
        ...['tap-trouble', `${to} the server has gone`],
        ...['tap-ended', `${to} hangup, 50 and 49 packets sent`],
      ],
    );
    assert.deepEqual(stage.captures.failures, []);
  });

  test('says why a call is not tapped, at once', async () => {
    await using fs = await FakeFreeswitch.start(MODULE);
    await using deaf = await otherServer('is silent');
    const place = `127.0.0.1:${deaf.port}`;
    await using stage = await advertised(fs, place, NEVER);
    fs.channel().answer();
    assert.equal(
      await reason(stage),
      `mod_rst says of its tap to ${place}: "the server has not answered"; check that UDP from 127.0.0.1 reaches ${place} (a firewall, NAT, advertise of this box) and that server.allow has 127.0.0.1`,
    );
  });

  test('says what is wrong with a tap that is heard all the same: it is recorded', async () => {
    await using pair = await controlled({ ...MODULE, taps: { form: 'old' } }, NEVER);
    const { fs, stage } = pair;
    fs.faults.nextTaps.push('lose-inv');
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    await stage.logged(({ msg }) => msg === 'a tap is in trouble');
    assert.deepEqual(stage.captures.failures, []);
  });

  test('proves nothing by an answer that it got from another server at this address', async () => {
    await using fs = await FakeFreeswitch.start(MODULE);
    await using other = await otherServer('answers');
    await using stage = await advertised(fs, `127.0.0.1:${other.port}`);
    fs.channel().answer();
    assert.match(
      await reason(stage),
      /^a server at 127\.0\.0\.1:\d+ has answered mod_rst, and it was not this one/,
    );
  });

  test('proves nothing by a tap that goes elsewhere, and says where', async () => {
    await using pair = await controlled(MODULE);
    const { fs, stage } = pair;
    await using other = await otherServer('answers');
    const call = fs.channel({ tapOnAnswer: other }).answer();
    assert.equal(
      await reason(stage),
      `mod_rst taps this channel for 127.0.0.1:${other.port} already, and neither INV nor DATA of that comes here: look at the dialplan and at rst.conf.xml, or stop it there by rst_stop`,
    );
    assert.equal(call.taps.size, 1);
  });

  test('counts as tapping a call that runs already and is heard', async () => {
    await using pair = await controlled(MODULE, { rules: [{ action: 'skip' }] });
    const { fs, stage } = pair;
    const tapOnAnswer = { host: '127.0.0.1', port: stage.captures.port };
    const call = fs.channel({ tapOnAnswer }).answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    assert.match(await stage.controller.tap(call.uuid), /is recorded already$/);
    assert.equal(call.taps.size, 1);
  });

  test('refuses in words that become the reason', async () => {
    await using fs = await FakeFreeswitch.start(MODULE);
    await using stage = await advertised(fs, 'recorder.example:9527');
    fs.channel().answer();
    assert.match(await reason(stage), /^FreeSWITCH refuses uuid_rst: "-ERR ip cannot be /);
  });

  test('has its taps stopped by command, those that come here', async () => {
    await using pair = await controlled(MODULE);
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    await stage.controller.untap(call.uuid);
    const [stop] = await fs.received(/^bgapi rst_stop/);
    assert.equal(stop?.text, `bgapi rst_stop ${call.uuid} 127.0.0.1:${stage.captures.port}`);
    assert.equal(call.taps.size, 0);
    await stage.controller.tap(call.uuid);
    assert.equal(call.taps.size, 1);
  });

  test('that has taken the tap off by itself, or may not be told to, is no error', async () => {
    const answers: Record<string, string> = { one: '-ERR not running\n', two: '-ERR no\n' };
    await using pair = await controlled({
      ...MODULE,
      faults: { answer: (command) => answers[/^bgapi rst_stop (\w+)/.exec(command)?.[1] ?? ''] },
    });
    const { fs, stage } = pair;
    for (const uuid of Object.keys(answers)) {
      fs.channel({ uuid }).answer();
      await stage.until(() => stage.captures.live.includes(uuid));
      assert.equal(await stage.controller.untap(uuid), `the recording of ${uuid} has ended`);
    }
  });

  test('is not known any more once it is unloaded, and known again once it is loaded', async () => {
    await using pair = await controlled(MODULE, { trigger: { confirmTimeoutMs: 20 } });
    const { fs, stage } = pair;
    const { captures } = stage;
    fs.say('MODULE_UNLOAD', { type: 'api', name: 'uuid_rst' });
    fs.channel({ callee: '%' }).answer();
    await stage.until(() => captures.failures.length === 1);
    fs.say('MODULE_LOAD', { type: 'api', name: 'rst_status' });
    const call = fs.channel({ callee: '%' }).answer();
    await stage.until(() => captures.live.includes(call.uuid));
  });

  test('taps anew what it tapped before, once it is loaded again; not what was stopped', async () => {
    await using pair = await controlled(MODULE, NEVER);
    const { fs, stage } = pair;
    const { captures } = stage;
    const [call, stopped] = [fs.channel().answer(), fs.channel().answer()];
    await stage.until(() => captures.live.length === 2);
    await stage.controller.untap(stopped.uuid);
    fs.say('MODULE_UNLOAD', { type: 'api', name: 'uuid_rst' });
    for (const { uuid, taps } of [call, stopped]) {
      for (const tap of taps) tap.stop();
      fs.say('CUSTOM', {
        'Event-Subclass': 'rst::stop',
        'Unique-ID': uuid,
        'RST-Destination': `127.0.0.1:${captures.port}`,
        'RST-Reason': 'unload',
      });
    }
    await stage.until(() => captures.live.length === 0);
    fs.say('MODULE_LOAD', { type: 'api', name: 'uuid_rst' });
    fs.say('MODULE_LOAD', { type: 'api', name: 'rst_status' });
    await stage.until(() => captures.live.length === 1);
    assert.deepEqual([call.taps.size, stopped.taps.size], [1, 0]);
    assert.deepEqual(captures.failures, []);
  });

  test('taps calls for a login too that may not hear it', async () => {
    const answer = (command: string) =>
      / CUSTOM |^api rst_status/.test(command)
        ? { replyText: '-ERR permission denied' }
        : undefined;
    await using pair = await controlled({ ...MODULE, faults: { answer } });
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    await stage.until(() => stage.captures.live.includes(call.uuid));
    // What it answers says which one it is.
    const odd = fs.channel({ callee: '%' }).answer();
    await stage.until(() => stage.captures.live.includes(odd.uuid));
  });
});
