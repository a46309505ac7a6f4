import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CaptureServer } from '../send/capture-server.ts';
import { FakeFreeswitch } from './fake-freeswitch.ts';
import { EventSocketClient } from './freeswitch/event-socket-client.ts';

describe('a tap of the fake FreeSWITCH', () => {
  for (const form of ['old', 'ports'] as const)
    test(`sends INV, both legs and, at the hangup, BYE (${form})`, async () => {
      await using capture = await CaptureServer.open();
      await using fake = await FakeFreeswitch.start({ taps: { form } });
      using client = await EventSocketClient.connect(fake.port, 'plain BACKGROUND_JOB');
      const call = fake.channel({ callerNumber: '100', callee: '200' }).answer();
      client.send(`bgapi uuid_rst ${call.uuid} 127.0.0.1 ${capture.port}`);
      await capture.until(() => capture.leg('R').length > 2 && capture.leg('W').length > 2);
      call.hangup();
      await capture.until(() => capture.byes().length === 1);
      await fake.until(() => fake.taps[0]?.state === 'ended');
      const { uuid, caller, callee, ports } = capture.invs()[0] ?? {};
      assert.deepEqual([uuid, caller, callee], [call.uuid, '100', '200']);
      assert.equal(ports === null, form === 'old');
      assert.equal(capture.invs().length, 1);
      assert.deepEqual(new Set(capture.data.map(({ to }) => to)), toPorts(form));
    });

  test('may lose its INV, send nothing, or not be there at all', async () => {
    await using capture = await CaptureServer.open();
    await using fake = await FakeFreeswitch.start();
    using client = await EventSocketClient.connect(fake.port, 'plain ALL');
    fake.faults.nextTaps.push('lose-inv', 'send-nothing', 'no-bug');
    const calls = [1, 2, 3].map(() => fake.channel().answer());
    const bugs: number[] = [];
    for (const { uuid } of calls) {
      const reply = await client.ask(`api uuid_rst ${uuid} 127.0.0.1 ${capture.port}`);
      assert.match(reply, /-ERR no reply\n$/);
      bugs.push((await client.ask(`api uuid_buglist ${uuid}`)).split('<media-bug>').length - 1);
    }
    assert.deepEqual(bugs, [1, 1, 0]);
    await capture.until(() => capture.data.length > 5);
    assert.deepEqual(capture.invs(), []);
    assert.deepEqual(new Set(capture.data.map(({ uuid }) => uuid)), new Set([calls[0]?.uuid]));
  });

  test('can be a second one, of the dialplan, on one channel', async () => {
    await using capture = await CaptureServer.open();
    await using fake = await FakeFreeswitch.start();
    const target = { host: '127.0.0.1', port: capture.port };
    using client = await EventSocketClient.connect(fake.port, 'plain ALL');
    const call = fake.channel({ tapOnAnswer: target }).answer();
    await client.ask(`api uuid_rst ${call.uuid} ${target.host} ${target.port}`);
    await capture.until(() => capture.invs().length === 2);
    assert.deepEqual(
      fake.taps.map(({ startedBy }) => startedBy),
      ['dialplan', 'api'],
    );
    call.hangup();
    await capture.until(() => capture.byes().length === 2);
    assert.equal(call.get('execute_on_answer'), `rst 127.0.0.1 ${capture.port}`);
  });
});

function toPorts(form: 'old' | 'ports'): Set<string> {
  return new Set(form === 'old' ? ['control'] : ['read', 'write']);
}

describe('a channel of the fake FreeSWITCH', () => {
  test('tells of bridges, holds, transfers and another UUID', async () => {
    await using fake = await FakeFreeswitch.start();
    using client = await EventSocketClient.connect(fake.port, 'json ALL');
    const a = fake.channel({ uuid: 'a' });
    const b = fake.channel({ uuid: 'b', direction: 'outbound', originator: a, callee: '1002' });
    b.answer();
    a.answer().bridge(b).hold().unhold().transfer('3000', { context: 'public' }).rename('c');
    a.hangup('USER_BUSY');
    const seen: string[] = [];
    for (let last = ''; last !== 'CHANNEL_DESTROY c'; seen.push(last)) {
      const event = await client.next('text/event');
      last = `${of(event, 'Event-Name')} ${of(event, 'Unique-ID')}`;
      if (last === 'CHANNEL_BRIDGE a') assert.equal(of(event, 'Other-Leg-Unique-ID'), 'b');
      if (last === 'CHANNEL_CREATE b') assert.equal(of(event, 'variable_originator'), 'a');
      if (last === 'CHANNEL_UUID c') {
        assert.equal(of(event, 'Old-Unique-ID'), 'a');
        assert.equal(of(event, 'Caller-Context'), 'public');
        assert.match(of(event, 'variable_transfer_source'), /^\d+:a:bl_xfer:3000\/public\/XML$/);
      }
      if (last === 'CHANNEL_HANGUP_COMPLETE c')
        assert.deepEqual(event.match(/"Hangup-Cause":"USER_BUSY"/g)?.length, 2);
    }
    assert.deepEqual(
      seen.map((line) => line.replace('CHANNEL_', '')),
      [
        ...['CREATE a', 'CREATE b', 'ANSWER b', 'ANSWER a', 'BRIDGE a', 'HOLD a', 'UNHOLD a'],
        ...['UNBRIDGE a', 'HANGUP b', 'HANGUP_COMPLETE b', 'DESTROY b', 'STATE a', 'UUID c'],
        ...['HANGUP c', 'HANGUP_COMPLETE c', 'DESTROY c'],
      ],
    );
  });

  test('has names of any bytes, encoded as switch_url_encode does', async () => {
    await using fake = await FakeFreeswitch.start();
    using plain = await EventSocketClient.connect(fake.port, 'plain CHANNEL_CREATE');
    using json = await EventSocketClient.connect(fake.port, 'json CHANNEL_CREATE');
    fake.channel({ callerName: '../a\r\n"b" %00 50%', variables: { note: '张三' } });
    const event = await plain.next('text/event');
    assert.match(event, /\nCaller-Caller-ID-Name: \.\.\/a%0D%0A%22b%22%20%00%2050%25\n/);
    assert.match(event, /\nvariable_note: %E5%BC%A0%E4%B8%89\n/);
    assert.ok((await json.next('text/event')).includes('"../a\\r\\n\\"b\\" %00 50%"'));
  });

  test('has as many headers as it shall', async () => {
    await using fake = await FakeFreeswitch.start();
    using client = await EventSocketClient.connect(fake.port, 'plain CHANNEL_ANSWER');
    fake.channel({ headerCount: 250 }).answer();
    const event = await client.next('text/event');
    assert.equal(event.trim().split('\n').length, 250 + 3);
  });
});

function of(event: string, header: string): string {
  return new RegExp(`"${header}":"([^"]*)"`).exec(event)?.[1] ?? '';
}

describe('a connection to the fake FreeSWITCH', () => {
  test('takes every name behind CUSTOM for a subclass', async () => {
    await using fake = await FakeFreeswitch.start();
    using client = await EventSocketClient.connect(fake.port, 'plain HEARTBEAT CUSTOM a::b API');
    fake.say('API');
    fake.say('CUSTOM', { 'Event-Subclass': 'c::d' });
    fake.say('CUSTOM', { 'Event-Subclass': 'a::b' }, 'a body');
    assert.match(
      await client.next('text/event'),
      /Event-Subclass: a%3A%3Ab\n[\s\S]*Content-Length: 6\n\na body$/,
    );
  });

  test('lets a user in by name and domain, and no user without a domain', async () => {
    await using fake = await FakeFreeswitch.start({
      users: { 'rec@pbx': 'secret', rec: 'secret' },
    });
    const replies: string[] = [];
    for (const login of ['rec@pbx:secret', 'rec@pbx:wrong', 'rec:secret']) {
      using client = await EventSocketClient.connect(fake.port);
      replies.push(await client.ask(`userauth ${login}`));
    }
    const [right, ...others] = replies;
    assert.match(right ?? '', /Reply-Text: \+OK accepted\nAllowed-Events: all\n/);
    for (const other of others) assert.match(other, /Reply-Text: -ERR invalid\n/);
  });
});

describe('the fake FreeSWITCH goes wrong as it is told:', () => {
  test('it writes byte by byte', async () => {
    await using fake = await FakeFreeswitch.start({ faults: { chunkBytes: 1 } });
    using client = await EventSocketClient.connect(fake.port, 'plain HEARTBEAT');
    const sizes: number[] = [];
    client.socket.on('data', ({ length }: Buffer) => sizes.push(length));
    fake.heartbeat();
    assert.match(await client.next('text/event'), /Event-Info: System%20Ready/);
    assert.ok(sizes.length > 500, `${sizes.length} reads`);
  });

  test('it answers otherwise, or never', async () => {
    await using fake = await FakeFreeswitch.start();
    using client = await EventSocketClient.connect(fake.port, 'plain BACKGROUND_JOB');
    fake.faults.answer = (command) => {
      if (command.includes('uuid_rst')) return '-ERR 50% busy\n';
      if (command.startsWith('bgapi')) return { replyText: '-ERR permission denied' };
      return command === 'api status' ? null : undefined;
    };
    client.send('api status');
    assert.match(await client.ask('api uuid_rst x'), /-ERR 50% busy\n$/);
    assert.match(await client.ask('bgapi status'), /Reply-Text: -ERR permission denied\n/);
    assert.match(await client.ask('api uuid_exists x'), /false$/);
    assert.deepEqual(
      (await fake.received(/^(bg)?api /, 4)).map(({ text }) => text),
      ['api status', 'api uuid_rst x', 'bgapi status', 'api uuid_exists x'],
    );
  });

  test('its connections are reset, or stand still', async () => {
    await using fake = await FakeFreeswitch.start();
    using first = await EventSocketClient.connect(fake.port, 'plain HEARTBEAT');
    fake.reset();
    await first.closed;
    using second = await EventSocketClient.connect(fake.port, 'plain HEARTBEAT');
    fake.freeze();
    fake.heartbeat();
    second.send('api version');
    const before = second.messages.length;
    fake.thaw();
    await second.next('Event-Info');
    await second.next('FreeSWITCH Version');
    assert.equal(second.messages.length, before + 2);
  });

  test('it is restarted on its port, without its calls', async () => {
    await using capture = await CaptureServer.open();
    await using fake = await FakeFreeswitch.start();
    const { port, coreUuid } = fake;
    fake.channel({ tapOnAnswer: { host: '127.0.0.1', port: capture.port } }).answer();
    await capture.until(() => capture.data.length > 0);
    using old = await EventSocketClient.connect(port, 'plain ALL');
    await fake.restart('crash');
    await old.closed;
    using next = await EventSocketClient.connect(port, 'plain ALL');
    assert.match(await next.ask('api show channels as json'), /\{"row_count": 0\}\n$/);
    assert.match(await next.ask('api global_getvar core_uuid'), new RegExp(`${fake.coreUuid}$`));
    assert.notEqual(fake.coreUuid, coreUuid);
    assert.deepEqual(capture.byes(), []);
  });

  test('it shuts down: calls hang up, taps say BYE, a notice comes', async () => {
    await using capture = await CaptureServer.open();
    await using fake = await FakeFreeswitch.start();
    fake.channel({ tapOnAnswer: { host: '127.0.0.1', port: capture.port } }).answer();
    await capture.until(() => capture.data.length > 0);
    using client = await EventSocketClient.connect(fake.port, 'json CHANNEL_HANGUP_COMPLETE');
    await fake.stop('shutdown');
    assert.match(await client.next('text/event'), /"Hangup-Cause":"SYSTEM_SHUTDOWN"/);
    assert.match(await client.next('disconnect'), /The system is being shut down\.\n$/);
    await capture.until(() => capture.byes().length === 1);
  });

  test('whatever it did, it leaves nothing behind', async () => {
    const before = await openThings();
    const capture = await CaptureServer.open();
    const fake = await FakeFreeswitch.start({
      heartbeatMs: 1000,
      faults: { replyDelayMs: 60_000 },
    });
    using client = await EventSocketClient.connect(fake.port);
    client.send('auth ClueCon');
    await fake.received(/^auth/);
    fake.channel({ tapOnAnswer: { host: '127.0.0.1', port: capture.port } }).answer();
    fake
      .channel({ tapOnAnswer: { host: '127.0.0.1', port: capture.port } })
      .answer()
      .hangup();
    const waiting = fake.received(/^never/);
    await Promise.all([fake.close(), fake.close(), capture.close(), client.closed]);
    await assert.rejects(waiting, /closed before 1 of/);
    assert.deepEqual(await openThings(), before);
  });
});

/** Handles that are closing are open until the turn after. */
async function openThings(): Promise<string[]> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo().sort();
}
