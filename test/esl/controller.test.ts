import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import { controlled, Stage } from './open-controller.ts';

function tapCommands({ commands }: FakeFreeswitch): string[] {
  return commands.flatMap(({ text }) => (text.startsWith('bgapi uuid_rst') ? [text] : []));
}

function tapped({ taps }: FakeFreeswitch): string[] {
  return taps.map(({ uuid }) => uuid).sort();
}

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
      assert.deepEqual(tapCommands(fs), [
        `bgapi uuid_rst ${call.uuid} 127.0.0.1 ${stage.captures.port}`,
      ]);
      assert.deepEqual(stage.captures.failures, []);
      assert.deepEqual(stage.admitted, ['127.0.0.1']);
    });

  test('has 500 calls, of which fifty at a time are answered at once, tapped once each', async () => {
    const silence = { kind: 'silence' } as const;
    await using pair = await controlled(
      // What comes is read by the process that sends it: the INV of more would not fit into its socket.
      { taps: { form: 'old', speed: 0.001, read: silence, write: silence } },
      { trigger: { confirmTimeoutMs: 20_000 } },
    );
    const { fs, stage } = pair;
    const calls = Array.from({ length: 500 }, () => fs.channel());
    for (let count = 50; count <= calls.length; count += 50) {
      for (const call of calls.slice(count - 50, count)) call.answer();
      await stage.until(() => stage.captures.live.length === count);
    }
    assert.deepEqual(tapped(fs), calls.map(({ uuid }) => uuid).sort());
    assert.equal(tapCommands(fs).length, 500);
  });

  test('has a bridged call tapped once, its A leg', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const a = fs.channel({ callerNumber: '100', callee: '200' });
    const b = fs.channel({ direction: 'outbound', originator: a, callee: '200' }).answer();
    a.answer().bridge(b);
    await stage.until(() => stage.captures.live.includes(a.uuid));
    b.hangup();
    a.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.deepEqual(tapped(fs), [a.uuid]);
    const ofA = stage.captures.hungUps.find(({ info }) => info.uuid === a.uuid);
    const notes = ofA?.notes.map(({ event, text }) => `${event} ${text}`);
    const other = `with 200 (${b.uuid})`;
    assert.deepEqual(notes, [
      'answered ',
      `bridged ${other}`,
      `unbridged ${other}`,
      'hung-up NORMAL_CLEARING',
    ]);
  });

  test('has a call that the API made of two outbound channels tapped once', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const a = fs.channel({ direction: 'outbound' }).answer();
    const b = fs.channel({ direction: 'outbound', originator: a }).answer();
    a.bridge(b);
    await stage.until(() => stage.captures.live.includes(a.uuid));
    b.hangup();
    a.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    assert.deepEqual(tapped(fs), [a.uuid]);
  });

  test('follows rules, the variable rst_record before them, and formats of a rule', async () => {
    await using pair = await controlled(
      {},
      {
        rules: [
          { name: 'never', caller: '666', action: 'skip' },
          { callee: '9*', formats: ['stereo'] },
        ],
      },
    );
    const { fs, stage } = pair;
    const skipped = fs.channel({ callerNumber: '666' }).answer();
    const wanted = fs.channel({ callerNumber: '666', variables: { rst_record: 'true' } }).answer();
    const unwanted = fs.channel({ variables: { rst_record: 'false' } }).answer();
    const stereo = fs.channel({ callee: '911' }).answer();
    await stage.until(() => stage.captures.live.length === 2);
    assert.deepEqual(tapped(fs), [wanted.uuid, stereo.uuid].sort());
    assert.deepEqual(stage.channels.get(stereo.uuid)?.formats, ['stereo']);
    assert.equal(stage.channels.get(wanted.uuid)?.formats, null);
    for (const call of [skipped, unwanted]) assert.ok(stage.channels.get(call.uuid));
  });

  test('keeps both UUIDs of a channel whose UUID changes, and has it tapped once', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const call = fs.channel({ uuid: 'before' }).answer();
    await stage.until(() => stage.captures.live.includes('before'));
    call.rename('behind').hold();
    call.hangup();
    await stage.until(() => stage.captures.hungUps.length === 1);
    const channel = stage.channels.get('before');
    assert.equal(channel, stage.channels.get('behind'));
    assert.equal(channel?.info.uuid, 'behind');
    assert.ok(channel?.notes.some(({ text }) => text === 'from before to behind'));
    assert.deepEqual(tapped(fs), ['before']);
  });

  test('notes a transfer, and keeps whom the caller had called', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const a = fs.channel({ callee: '9302' });
    const b = fs.channel({ direction: 'outbound', originator: a }).answer();
    a.answer().bridge(b).transfer('9214', { context: 'public' });
    a.hangup();
    await stage.until(() => stage.captures.hungUps.length === 2);
    const channel = stage.captures.hungUps.find(({ info }) => info.uuid === a.uuid);
    const notes = channel?.notes.filter(({ event }) => event === 'transferred');
    assert.deepEqual(
      notes?.map(({ text }) => text),
      ['to 9214/public/XML'],
    );
    assert.equal(channel?.info.calleeNumber, '9302');
  });

  test('notes a codec that changes, and only then', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const call = fs.channel().answer();
    for (const codec of ['PCMU', 'PCMA'])
      fs.say('CODEC', {
        'Unique-ID': call.uuid,
        'Channel-Read-Codec-Name': 'PCMU',
        'Channel-Write-Codec-Name': 'PCMU',
        'channel-read-codec-name': codec,
      });
    call.hangup();
    await stage.until(() => stage.captures.hungUps.length === 1);
    const [channel] = stage.captures.hungUps;
    const changes = channel?.notes.filter(({ event }) => event === 'codec-changed');
    assert.deepEqual(
      changes?.map(({ text }) => text),
      ['read PCMU to PCMA, write PCMU to PCMU'],
    );
    assert.equal(channel?.info.readCodec, 'PCMA');
  });

  test('takes any bytes as a name, and no name gets into a command', async () => {
    await using pair = await controlled();
    const { fs, stage } = pair;
    const gbk = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]);
    const names: [callerName: string | Buffer, shown: string][] = [
      ['a\r\n\r\nbgapi uuid_kill x', 'a\r\n\r\nbgapi uuid_kill x'],
      ['../../../etc/passwd', '../../../etc/passwd'],
      ['a%00b', 'a\0b'],
      ['x'.repeat(10_240), 'x'.repeat(10_240)],
      ['张三', '张三'],
      [gbk, '张三'],
    ];
    const calls = names.map(([callerName]) =>
      fs.channel({ callerName, callerNumber: '../1 2', callee: '$(reboot)' }).answer(),
    );
    await stage.until(() => stage.captures.live.length === names.length);
    for (const [index, call] of calls.entries())
      assert.equal(stage.channels.get(call.uuid)?.info.callerName, names[index]?.[1]);
    for (const command of tapCommands(fs))
      assert.match(command, /^bgapi uuid_rst [0-9a-f-]{36} 127\.0\.0\.1 \d+$/);
    const text = stage.lines.map((line) => JSON.stringify(line)).join('');
    for (const secret of ['etc/passwd', 'uuid_kill', 'ClueCon']) assert.ok(!text.includes(secret));
  });

  test('sends taps where advertise says', async () => {
    const fs = await FakeFreeswitch.start();
    await using _fs = fs;
    const { host, port } = fs;
    await using stage = await new Stage([], {
      boxes: [{ name: 'far', host, port, advertise: '[2001:db8::5]:9999' }],
    }).open();
    await stage.connected();
    const [box] = stage.controller.boxes();
    assert.equal(box?.advertised, '[2001:db8::5]:9999');
    const call = fs.channel().answer();
    const [command] = await fs.received(/^bgapi uuid_rst/);
    assert.equal(command?.text, `bgapi uuid_rst ${call.uuid} 2001:db8::5 9999`);
  });
});
