import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';

/** What a daemon with these flags warns of before it listens. */
async function warnings(...args: string[]): Promise<string[]> {
  await using daemon = await DaemonProcess.start({
    args,
    env: {
      // A name that no resolver knows (RFC 2606), so that nothing is ever connected to.
      RST_FREESWITCH_HOST: 'pbx.invalid',
      RST_FREESWITCH_PASSWORD: 'tr0ub4dor',
    },
  });
  assert.doesNotMatch(JSON.stringify(daemon.log), /tr0ub4dor/);
  return daemon.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
}

test('--no-esl leaves the event sockets of the configuration alone', async () => {
  const told = /^environment RST_FREESWITCH_HOST: the event socket of pbx\.invalid is plain text/;
  assert.ok((await warnings()).some((text) => told.test(text)));
  assert.ok(!(await warnings('--no-esl')).some((text) => told.test(text)));
});
