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
        await using first = await DaemonProcess.start({ mediaPorts: MEDIA_PORTS });
        await using taps = await SteadyTaps.start(first.port, 3, form === 'old');
        for (const uuid of taps.uuids) await written(first, `${uuid}-R.wav.part`, 20_000);
        if (how === 'SIGTERM') assert.equal(await first.stop(), 0);
        else await first.kill();
        const { port, records } = first;
        await using second = await DaemonProcess.start({ mediaPorts: MEDIA_PORTS, port, records });
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
