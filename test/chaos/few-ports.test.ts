import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonProcess } from '../support/daemon-process.ts';
import { checkWhole } from './check-whole.ts';
import { SteadyTaps } from './steady-taps.ts';

const CALLS = 50;
const WARNING = 'no port of media.ports was free; the audio came to the control port';

test(`of ${CALLS} calls 5 have the 10 ports, and all others are recorded as well`, async () => {
  await using daemon = await DaemonProcess.start({ mediaPorts: '20900-20909' });
  await using taps = await SteadyTaps.start(daemon.port, CALLS);
  await sleep(2000);
  const warnings: string[][] = [];
  for (const call of await taps.hangUp())
    warnings.push((await checkWhole(daemon, call)).manifest.warnings);
  assert.equal(warnings.filter((said) => said.length === 0).length, 5);
  for (const said of warnings.filter((said) => said.length > 0)) assert.deepEqual(said, [WARNING]);
});
