import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import { packetsIn } from '../chaos/numbered-audio.ts';
import { type SentCall, SteadyTaps } from '../chaos/steady-taps.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { FakeFreeswitch } from '../support/fake-freeswitch.ts';

const MEDIA_PORTS = '16900-17099';
const LEGS = ['R', 'W'] as const;

/** Resolves once so much of a call is on the disk. */
async function written(daemon: DaemonProcess, name: string, bytes: number): Promise<void> {
  for (;;) {
    const path = (await daemon.files()).find((file) => file.endsWith(`/${name}`));
    if (path && (await daemon.read(path)).length >= bytes) return;
    await sleep(50);
  }
}

async function numbersIn(
  daemon: DaemonProcess,
  { tracks, startedAt }: Manifest,
  { call, sentAtMs }: SentCall,
): Promise<Record<'R' | 'W', number[]>> {
  const numbers = { R: [] as number[], W: [] as number[] };
  for (const leg of LEGS) {
    const { samples } = parseWav(await daemon.read(tracks[leg].files[0]?.path ?? ''));
    assert.equal(samples.length, tracks[leg].samples);
    for (const { number, atSample } of packetsIn(samples, call, leg, true)) {
      numbers[leg].push(number);
      // A packet is heard at the time it was sent, which a busy machine takes its time to say.
      const heardMs = Date.parse(startedAt ?? '') + atSample / 8;
      const offMs = heardMs - (sentAtMs[leg][number] ?? 0);
      assert.ok(Math.abs(offMs) < 250, `${leg}: packet ${number} is ${offMs} ms off its place`);
    }
  }
  return numbers;
}

function assertInOrder(numbers: readonly number[]): void {
  for (const [i, number] of numbers.entries())
    assert.equal(number, (numbers[0] ?? 0) + i, 'packet by packet');
}

describe('taps outlive their server', () => {
  for (const how of ['SIGTERM', 'SIGKILL'] as const)
    for (const form of ['port', 'old'] as const)
      test(`${how}: the next one goes on with them in a further segment (${form} form)`, async () => {
        // The many sockets of a control port that is read in batches are bound one after the other, and
        // what comes to them meanwhile may be read in another order.
        const env: Record<string, string> = form === 'old' ? { RST_MEDIA_RECEIVER: 'dgram' } : {};
        const options = { mediaPorts: MEDIA_PORTS, env };
        await using first = await DaemonProcess.start(options);
        await using taps = await SteadyTaps.start(first.port, 3, form === 'old');
        for (const uuid of taps.uuids) await written(first, `${uuid}-R.wav.part`, 20_000);
        if (how === 'SIGTERM') assert.equal(await first.stop(), 0);
        else await first.kill();
        const { port, records } = first;
        await using second = await DaemonProcess.start({ ...options, port, records });
        for (const uuid of taps.uuids) await written(second, `${uuid}.2-R.wav.part`, 20_000);
        const sent = await taps.hangUp();
        for (const call of sent) {
          await second.ended(call.uuid);
          if (how === 'SIGKILL')
            await second.logged(
              (line) => line.uuid === call.uuid && line.msg === 'recording recovered',
            );
          const one = await second.manifest(call.uuid, 1);
          const two = await second.manifest(call.uuid, 2);
          assert.deepEqual(
            [one.endReason, two.endReason],
            [how === 'SIGTERM' ? 'shutdown' : 'recovered', 'bye'],
          );
          assert.deepEqual([one.next, two.previous], [two.recordId, one.recordId]);
          assert.deepEqual([two.caller, two.callee], [String(call.call), '9000']);
          assert.match(two.warnings.join(), /^goes on from (segment 1|an earlier segment), which/);
          const before = await numbersIn(second, one, call);
          const after = await numbersIn(second, two, call);
          for (const leg of LEGS) {
            assert.equal(before[leg][0], 0);
            assertInOrder(before[leg]);
            assertInOrder(after[leg]);
            assert.equal(after[leg].at(-1), call.sentAtMs[leg].length - 1);
          }
        }
        assert.equal(await second.stop(), 0);
        const state = await readdir(join(records, '.rst-server'), { recursive: true });
        assert.deepEqual(
          state.filter((name) => name.endsWith('.json')),
          [],
          'nothing is noted of what has ended',
        );
      });
});

describe('a FreeSWITCH that the server controls', () => {
  /** Environment of a server that controls it. */
  const controlling = (fs: FakeFreeswitch) => ({
    RST_FREESWITCH_HOST: fs.host,
    RST_FREESWITCH_PORT: String(fs.port),
    RST_FREESWITCH_NAME: 'fs1',
    RST_FREESWITCH_PASSWORD: 'ClueCon',
    RST_ESL_RECONNECT_MIN: '100ms',
    RST_TRIGGER_CONFIRM_TIMEOUT: '1s',
    RST_LOG_LEVEL: 'debug',
  });
  const isMediaOf = (uuid: string) => (line: { msg: string; uuid?: string }) =>
    line.msg === 'media arrives' && line.uuid === uuid;

  for (const form of ['ports', 'old'] as const)
    test(`has taps that go on recorded on, and taps what has none (${form} form)`, async () => {
      await using fs = await FakeFreeswitch.start({ taps: { form } });
      const options = { mediaPorts: MEDIA_PORTS, env: controlling(fs) };
      await using first = await DaemonProcess.start(options);
      await fs.until(() => fs.subscribers() === 1, 'a subscriber');
      const tapped = fs.channel();
      tapped.answer();
      await first.logged(isMediaOf(tapped.uuid));
      await first.kill();
      // Nobody was there to have it tapped.
      const untapped = fs.channel();
      untapped.answer();
      const { port, records } = first;
      await using second = await DaemonProcess.start({ ...options, port, records });
      await second.logged(isMediaOf(tapped.uuid));
      await second.logged(isMediaOf(untapped.uuid));
      await fs.until(() => fs.subscribers() === 1, 'a subscriber');
      assert.deepEqual(
        fs.taps.map(({ uuid }) => uuid),
        [tapped.uuid, untapped.uuid],
        'one tap each',
      );
      for (const { uuid } of [tapped, untapped]) {
        fs.channels.find((channel) => channel.uuid === uuid)?.hangup();
        await second.ended(uuid);
      }
      const goesOn = await second.manifest(tapped.uuid, 2);
      assert.deepEqual([goesOn.box, goesOn.endReason], ['fs1', 'bye']);
      assert.equal((await second.manifest(tapped.uuid, 1)).recordId, goesOn.previous);
      assert.equal((await second.manifest(untapped.uuid)).endReason, 'bye');
    });

  test('has calls tapped anew whose taps have gone meanwhile', async () => {
    await using fs = await FakeFreeswitch.start();
    const options = { mediaPorts: MEDIA_PORTS, env: controlling(fs) };
    await using first = await DaemonProcess.start(options);
    await fs.until(() => fs.subscribers() === 1, 'a subscriber');
    const call = fs.channel();
    call.answer();
    await first.logged(isMediaOf(call.uuid));
    await first.kill();
    fs.taps[0]?.stop();
    const { port, records } = first;
    await using second = await DaemonProcess.start({ ...options, port, records });
    await second.logged(isMediaOf(call.uuid));
    assert.equal(fs.taps.length, 2);
    call.hangup();
    await second.ended(call.uuid);
    const [one, two] = [await second.manifest(call.uuid, 1), await second.manifest(call.uuid, 2)];
    assert.deepEqual([one.next, two.previous], [two.recordId, one.recordId]);
  });
});
