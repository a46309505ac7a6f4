import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { RECEIVERS } from '../support/receivers.ts';
import { checkWhole } from './check-whole.ts';
import { SteadyTaps } from './steady-taps.ts';

const CALLS = 20;
const STANDSTILL_MS = 5000;
const RUNS_MS = 1000;
/** Only root gets as large a buffer for the control port as is set. */
const OLD_CALLS = process.getuid?.() === 0 ? 10 : 0;

test(`a daemon that stands still for 5 s under ${CALLS} calls loses nothing and moves no sample`, {
  skip: !RECEIVERS.batched && 'no batched receiver on this machine',
}, async () => {
  await using daemon = await DaemonProcess.start({
    mediaPorts: '20400-20499',
    // By default calls of the old form that share a buffer have less room in it.
    env: { RST_MEDIA_RECEIVER: 'batched', RST_SERVER_RECEIVE_BUFFER: '256MB' },
  });
  await using ofPortForm = await SteadyTaps.start(daemon.port, CALLS - OLD_CALLS);
  await using ofOldForm = await SteadyTaps.start(daemon.port, OLD_CALLS, true);
  await sleep(RUNS_MS);
  daemon.process.kill('SIGSTOP');
  await sleep(STANDSTILL_MS);
  daemon.process.kill('SIGCONT');
  await sleep(RUNS_MS);
  for (const taps of [ofPortForm, ofOldForm])
    for (const call of await taps.hangUp()) {
      const { manifest } = await checkWhole(daemon, call);
      assert.deepEqual(manifest.warnings, []);
    }
});
