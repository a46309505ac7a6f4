import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { checkWhole } from './check-whole.ts';
import { PACKET_BYTES } from './numbered-audio.ts';
import { SteadyTaps } from './steady-taps.ts';

const CALLS = 200;
/** A call ends when its last packet came, which may be late where this machine is busy. */
const LATE_MS = 250;
const LEGS = ['R', 'W'] as const;

test(`${CALLS} calls whose BYE is lost end by themselves, each at its last packet`, async () => {
  await using daemon = await DaemonProcess.start({
    mediaPorts: '20500-20899',
    env: { RST_CALLS_IDLE_TIMEOUT: '3s' },
  });
  await using ofPortForm = await SteadyTaps.start(daemon.port, CALLS / 2);
  await using ofOldForm = await SteadyTaps.start(daemon.port, CALLS / 2, true);
  await sleep(1000);
  const sent = [...(await ofPortForm.hangUp(false)), ...(await ofOldForm.hangUp(false))];
  for (const call of sent) {
    const { manifest, found } = await checkWhole(daemon, call, 'idle');
    const ends = LEGS.map((leg) => (found[leg].at(-1)?.atSample ?? 0) + PACKET_BYTES);
    const silentMs = (manifest.tracks.R.samples - Math.max(...ends)) / 8;
    assert.ok(silentMs < LATE_MS, `${silentMs} ms are silent behind its last packet`);
    assert.deepEqual(manifest.warnings, []);
  }
  const files = await daemon.files();
  assert.equal(files.filter((path) => path.endsWith('.json')).length, CALLS, 'one segment each');
});
