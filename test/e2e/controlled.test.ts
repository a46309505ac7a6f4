import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';
import type { FakeFreeswitchOptions } from '../support/freeswitch/options.ts';
import { Tap, ulawPacket } from '../support/tap.ts';

type Environment = Record<string, string>;

interface Pair extends AsyncDisposable {
  daemon: DaemonProcess;
  fs: FakeFreeswitch;
}

/** A daemon and a FreeSWITCH that it controls, once the daemon hears its events. */
async function controlled(
  options: FakeFreeswitchOptions = {},
  env: Environment = {},
  mediaPorts = '15200-15399',
): Promise<Pair> {
  const fs = await FakeFreeswitch.start(options);
  const daemon = await DaemonProcess.start({
    mediaPorts,
    env: {
      RST_FREESWITCH_HOST: fs.host,
      RST_FREESWITCH_PORT: String(fs.port),
      RST_FREESWITCH_NAME: 'fs1',
      RST_FREESWITCH_PASSWORD: 'ClueCon',
      RST_ESL_RECONNECT_MIN: '100ms',
      RST_LOG_LEVEL: 'debug',
      ...env,
    },
  });
  await fs.until(() => fs.subscribers() === 1, 'a subscriber');
  return {
    daemon,
    fs,
    [Symbol.asyncDispose]: async () => {
      await daemon[Symbol.asyncDispose]();
      await fs[Symbol.asyncDispose]();
    },
  };
}

const isStarted = (uuid: string) => (line: { msg: string; uuid?: string }) =>
  line.msg === 'call started' && line.uuid === uuid;

const hasMedia = (uuid: string) => (line: { msg: string; uuid?: string }) =>
  line.msg === 'media arrives' && line.uuid === uuid;

const isNotTapped = (uuid: string) => (line: { msg: string; uuid?: string }) =>
  line.msg.startsWith('call not tapped') && line.uuid === uuid;

function media(daemon: DaemonProcess, manifest: Manifest, leg: 'R' | 'W'): Promise<Int16Array> {
  const [file] = manifest.tracks[leg].files;
  return daemon.read(file?.path as string).then((bytes) => parseWav(bytes).samples);
}

describe('a FreeSWITCH that the daemon controls', () => {
  for (const module of ['prebuilt', 'fixed', 'own'] as const)
    for (const form of ['old', 'ports'] as const)
      test(`has its answered call tapped and recorded, with the ${module} module and taps of the ${form} form`, async () => {
        await using pair = await controlled({ module, taps: { form } });
        const { daemon, fs } = pair;
        const call = fs.channel({
          callerName: '张三',
          callerNumber: '13800001111',
          callee: '9210',
        });
        call.answer();
        await daemon.logged(hasMedia(call.uuid));
        call.hold().unhold();
        call.hangup('NORMAL_CLEARING');
        await daemon.ended(call.uuid);
        const manifest = await daemon.manifest(call.uuid);
        assert.equal(manifest.endReason, 'bye');
        assert.equal(manifest.box, 'fs1');
        assert.equal(manifest.caller, '13800001111');
        assert.equal(manifest.callee, '9210');
        assert.ok(manifest.answeredAt);
        assert.equal(manifest.channel?.callerName, '张三');
        assert.equal(manifest.channel?.direction, 'inbound');
        assert.equal(manifest.channel?.hangupCause, 'NORMAL_CLEARING');
        const events = manifest.events.map(({ event }) => event);
        const ofTap = module === 'own' ? ['tap-started', 'tap-ended'] : [];
        for (const event of ['held', 'unheld', 'hung-up', ...ofTap])
          assert.ok(events.includes(event), event);
        const [r, w] = [await media(daemon, manifest, 'R'), await media(daemon, manifest, 'W')];
        assert.equal(r.length, w.length);
        assert.equal(fs.taps.length, 1);
      });

  test('has a bridged call recorded once, its A leg', async () => {
    await using pair = await controlled();
    const { daemon, fs } = pair;
    const a = fs.channel({ direction: 'inbound' });
    const b = fs.channel({ direction: 'outbound', originator: a });
    b.answer();
    a.answer().bridge(b);
    await daemon.logged(isStarted(a.uuid));
    b.hangup();
    a.hangup();
    await daemon.ended(a.uuid);
    assert.deepEqual(
      fs.taps.map(({ uuid }) => uuid),
      [a.uuid],
    );
    const manifest = await daemon.manifest(a.uuid);
    assert.ok(manifest.events.some(({ event }) => event === 'bridged'));
  });

  test('has a call that the API made of two outbound channels recorded once', async () => {
    await using pair = await controlled();
    const { daemon, fs } = pair;
    const a = fs.channel({ direction: 'outbound' });
    a.answer();
    const b = fs.channel({ direction: 'outbound', originator: a });
    b.answer();
    a.bridge(b);
    await daemon.logged(isStarted(a.uuid));
    b.hangup();
    a.hangup();
    await daemon.ended(a.uuid);
    assert.deepEqual(
      fs.taps.map(({ uuid }) => uuid),
      [a.uuid],
    );
  });

  test('has 500 calls that are answered within a second tapped once each', async () => {
    const silence = { kind: 'silence' } as const;
    await using pair = await controlled({
      taps: { form: 'old', speed: 0.1, read: silence, write: silence },
    });
    const { daemon, fs } = pair;
    const calls = Array.from({ length: 500 }, () => fs.channel());
    for (const call of calls) call.answer();
    for (const call of calls) await daemon.logged(isStarted(call.uuid));
    for (const call of calls) call.hangup();
    for (const call of calls) await daemon.ended(call.uuid);
    const tapped = fs.taps.map(({ uuid }) => uuid).sort();
    assert.deepEqual(tapped, calls.map(({ uuid }) => uuid).sort());
    assert.equal((await daemon.files()).filter((file) => file.endsWith('.json')).length, 500);
  });

  test('and whose dialplan taps as well has its call recorded once', async () => {
    await using pair = await controlled({}, { RST_TRIGGER_CONFIRM_TIMEOUT: '500ms' });
    const { daemon, fs } = pair;
    const target = { host: '127.0.0.1', port: daemon.port };
    const variables = { execute_on_answer: `rst 127.0.0.1 ${daemon.port}` };
    const named = fs.channel({ tapOnAnswer: target, variables }).answer();
    const secret = fs.channel({ tapOnAnswer: target }).answer();
    for (const call of [named, secret]) {
      await daemon.logged(isStarted(call.uuid));
      await fs.until(() => call.taps.size > 0, 'a tap');
    }
    for (const call of [named, secret]) {
      call.hangup();
      await daemon.ended(call.uuid);
      const files = (await daemon.files()).filter((file) => file.includes(call.uuid));
      assert.equal(files.filter((file) => file.endsWith('.json')).length, 1);
      assert.equal(files.filter((file) => file.endsWith('-R.wav')).length, 1);
    }
    // The one that says so is left to it.
    assert.equal(fs.taps.filter(({ uuid }) => uuid === named.uuid).length, 1);
  });

  test('whose module is missing has a manifest that says so for its call', async () => {
    await using pair = await controlled(
      { module: 'none' },
      { RST_TRIGGER_CONFIRM_TIMEOUT: '200ms' },
    );
    const { daemon, fs } = pair;
    const call = fs.channel({ callerNumber: '1001' }).answer();
    await daemon.logged(isNotTapped(call.uuid));
    const manifest = await daemon.manifest(call.uuid);
    assert.equal(manifest.endReason, 'not-tapped');
    assert.match(manifest.reason, /mod_rst/);
    assert.deepEqual(
      [manifest.caller, manifest.box, manifest.startedAt, manifest.files],
      ['1001', 'fs1', null, []],
    );
  });

  test('whose module says yes and sends nothing has a manifest that says so', async () => {
    await using pair = await controlled({}, { RST_TRIGGER_CONFIRM_TIMEOUT: '200ms' });
    const { daemon, fs } = pair;
    fs.faults.nextTaps.push('no-bug', 'no-bug');
    const call = fs.channel().answer();
    await daemon.logged(isNotTapped(call.uuid));
    const manifest = await daemon.manifest(call.uuid);
    assert.equal(manifest.endReason, 'not-tapped');
    assert.match(manifest.reason, /neither INV nor DATA/);
  });

  test('whose INV got lost has its call recorded, by its DATA', async () => {
    await using pair = await controlled({ taps: { form: 'old' } });
    const { daemon, fs } = pair;
    fs.faults.nextTaps.push('lose-inv');
    const call = fs.channel({ callerNumber: '1002' }).answer();
    await daemon.logged(isStarted(call.uuid));
    call.hangup();
    await daemon.ended(call.uuid);
    const manifest = await daemon.manifest(call.uuid);
    assert.deepEqual([manifest.endReason, manifest.caller], ['bye', '1002']);
    assert.equal(fs.taps.length, 1);
  });

  test('on hold for longer than calls.idle_timeout keeps its call', async () => {
    await using pair = await controlled(
      { taps: { form: 'ports' } },
      { RST_CALLS_IDLE_TIMEOUT: '1s' },
    );
    const { daemon, fs } = pair;
    const call = fs.channel().answer();
    await daemon.logged(hasMedia(call.uuid));
    call.hold();
    // Two that no box vouches for run out of time meanwhile, one after the other.
    for (const uuid of [randomUUID(), randomUUID()]) {
      await using tap = await Tap.open(daemon.port);
      const { readPort } = await tap.invite(uuid);
      await tap.data(uuid, 'R', ulawPacket(), readPort);
      assert.equal((await daemon.ended(uuid)).endReason, 'idle');
    }
    call.unhold();
    call.hangup();
    await daemon.ended(call.uuid);
    const manifest = await daemon.manifest(call.uuid);
    assert.equal(manifest.endReason, 'bye');
    assert.ok(manifest.durationMs >= 2000, `${manifest.durationMs} ms`);
    assert.equal((await daemon.files()).filter((file) => file.includes(call.uuid)).length, 3);
  });

  test('that hangs up without a BYE has its call ended by that', async () => {
    await using pair = await controlled();
    const { daemon, fs } = pair;
    fs.faults.noBye = true;
    const call = fs.channel().answer();
    await daemon.logged(isStarted(call.uuid));
    call.hangup('ORIGINATOR_CANCEL');
    await daemon.ended(call.uuid);
    const manifest = await daemon.manifest(call.uuid);
    assert.equal(manifest.endReason, 'hangup');
    assert.match(manifest.reason, /ORIGINATOR_CANCEL/);
  });

  test('that crashes in a call and comes back has its next calls tapped, and none is left open', async () => {
    await using pair = await controlled({}, { RST_CALLS_IDLE_TIMEOUT: '1s' });
    const { daemon, fs } = pair;
    const before = fs.channel().answer();
    await daemon.logged(isStarted(before.uuid));
    await fs.restart('crash');
    await daemon.ended(before.uuid);
    assert.match((await daemon.manifest(before.uuid)).endReason, /^(idle|hangup)$/);
    await fs.until(() => fs.subscribers() === 1, 'a subscriber');
    const after = fs.channel().answer();
    await daemon.logged(isStarted(after.uuid));
    after.hangup();
    await daemon.ended(after.uuid);
  });

  test('whose connection breaks has the calls answered meanwhile found and tapped, and those before go on', async () => {
    await using pair = await controlled();
    const { daemon, fs } = pair;
    const before = fs.channel().answer();
    await daemon.logged(isStarted(before.uuid));
    fs.reset();
    const meanwhile = fs.channel().answer();
    await daemon.logged(isStarted(meanwhile.uuid));
    for (const call of [before, meanwhile]) {
      call.hangup();
      await daemon.ended(call.uuid);
      assert.equal((await daemon.manifest(call.uuid)).endReason, 'bye');
    }
    assert.equal(fs.taps.length, 2);
  });

  test('whose callers send anything as their names harms neither log, path nor manifest', async () => {
    await using pair = await controlled({}, { RST_RECORDS_NAME: '{date}/{caller}-{uuid}' });
    const { daemon, fs } = pair;
    const gbk = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd]);
    const names: [name: string | Buffer, shown: string][] = [
      ['a\r\nEvil: 1', 'a\r\nEvil: 1'],
      ['../../../etc/passwd', '../../../etc/passwd'],
      ['a%00b', 'a\0b'],
      ['x'.repeat(10_240), 'x'.repeat(10_240)],
      [gbk, '张三'],
    ];
    for (const [callerName, shown] of names) {
      const call = fs.channel({ callerName, callerNumber: '../1' }).answer();
      await daemon.logged(isStarted(call.uuid));
      call.hangup();
      await daemon.ended(call.uuid);
      const [path] = (await daemon.files()).filter((file) => file.endsWith(`${call.uuid}.json`));
      assert.match(path ?? '', /^\d{4}-\d\d-\d\d\/[^/]+$/);
      const manifest = JSON.parse((await daemon.read(path as string)).toString()) as Manifest;
      assert.equal(manifest.channel?.callerName, shown);
    }
  });

  test('is told of a wrong password once, and not hammered', async () => {
    await using fs = await FakeFreeswitch.start({ password: 'right' });
    await using daemon = await DaemonProcess.start({
      env: {
        RST_FREESWITCH_HOST: fs.host,
        RST_FREESWITCH_PORT: String(fs.port),
        RST_FREESWITCH_PASSWORD: 'wrong-and-secret',
        RST_ESL_RECONNECT_MIN: '100ms',
      },
    });
    await daemon.logged((line) => line.level === 'error' && /password/.test(line.msg));
    await daemon.stop();
    assert.equal(fs.commands.filter(({ text }) => text.startsWith('auth')).length, 1);
    assert.ok(!JSON.stringify(daemon.log).includes('wrong-and-secret'));
  });
});
