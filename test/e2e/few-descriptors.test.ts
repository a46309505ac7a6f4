import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { COMMAND, DaemonProcess } from '../support/daemon-process.ts';

const skip = process.platform !== 'linux';
const FEW = 700;

test('a server with too few open files takes calls, and says for how many and what to do', {
  skip,
}, async () => {
  await using daemon = await DaemonProcess.start({
    mediaPorts: '15700-16699',
    env: { RST_MEDIA_WORKERS: '1' },
    openFiles: FEW,
  });
  const { msg, level, calls, needed } = await daemon.logged(({ msg }) => /open files/.test(msg));
  assert.equal(level, 'warn');
  assert.match(msg, /^700 open files are allowed here, room for 68 calls and not for the 500 /);
  assert.match(msg, /LimitNOFILE=2732 in the systemd unit, or "ulimit -n 2732"/);
  assert.deepEqual([calls, needed], [68, 2732]);
});

test('the doctor says the same', { skip }, async () => {
  const env = { PATH: process.env.PATH, RST_MEDIA_PORTS: '15700-16699', RST_MEDIA_WORKERS: '1' };
  const command = `ulimit -n ${FEW}; exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', command, process.execPath, COMMAND, 'doctor', '--json', '--config', '/dev/null'],
    { env },
  ).catch((error: { stdout: string }) => error);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; found: string }[] };
  const found = checks.find(({ name }) => name === 'open files')?.found ?? '';
  assert.match(found, /^700 open files are allowed here, room for 68 calls and not for the 500 /);
});
