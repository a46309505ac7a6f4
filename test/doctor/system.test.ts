import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDescriptorLimit } from '../../src/doctor/descriptor-limit.ts';
import { checkLocalPortRange } from '../../src/doctor/local-port-range.ts';
import { checkReceiveBuffer } from '../../src/doctor/receive-buffer.ts';
import { checkSystemClock } from '../../src/doctor/system-clock.ts';
import { surroundingsOf } from './surroundings.ts';

/** Surroundings with these files of the system. */
function withFiles(files: Record<string, string>, tables: Record<string, unknown> = {}) {
  return surroundingsOf(tables, { systemFile: async (path) => files[path] ?? null });
}

test('ports that the kernel gives away to anybody are a warning unless they are reserved', async () => {
  const check = async (range: string, reserved: string, port = 9527) =>
    checkLocalPortRange(
      withFiles(
        {
          '/proc/sys/net/ipv4/ip_local_port_range': range,
          '/proc/sys/net/ipv4/ip_local_reserved_ports': reserved,
        },
        { server: { port }, media: { ports: '10000-10999' } },
      ),
    );
  assert.equal((await check('32768\t60999\n', '\n')).status, 'ok');
  const given = await check('1024\t60999\n', '\n');
  assert.equal(given.status, 'warning');
  assert.match(given.found, /9527 and 10000-10999 overlaps/);
  assert.match(given.todo ?? '', /ip_local_reserved_ports=9527,10000-10999/);
  assert.match((await check('10500\t60999\n', '\n')).found, /, and 10000-10999 overlaps/);
  // Only those that are in the range need to be kept.
  assert.equal((await check('10500\t60999\n', '22,10500-10999\n')).status, 'ok');
  assert.equal((await check('1024\t60999\n', '9527,10000-10999\n')).status, 'ok');
  assert.equal((await check('1024\t60999\n', '10000-10998\n')).status, 'warning');
  assert.match((await check('', '')).found, /^not known/);
});

test('a limit of open files is told in calls, and fewer than the ports have room for are a warning', async () => {
  const check = (hard: string) =>
    checkDescriptorLimit(
      withFiles(
        {
          '/proc/self/limits': `Limit  Soft Hard Units\nMax open files            1024                 ${hard}               files     \n`,
        },
        { media: { ports: '10000-10999', workers: 2 } },
      ),
    );
  assert.equal((await check('524288')).status, 'ok');
  assert.equal((await check('unlimited')).status, 'ok');
  const few = await check('1024');
  assert.equal(few.status, 'warning');
  assert.match(few.found, /room for 105 calls and not for the 500/);
  assert.match(few.todo ?? '', /LimitNOFILE=2740 .*ulimit -n 2740/);
  assert.equal((await check('256')).status, 'failed');
});

test('a receive buffer that the kernel does not give is a warning', async () => {
  const small = surroundingsOf({ server: { receive_buffer: '16KB' } }).config;
  assert.deepEqual(await checkReceiveBuffer(small, process.platform), {
    status: 'ok',
    found: '16KB, as configured',
  });
  const tables = { server: { receive_buffer: '1GiB' }, media: { receiver: 'dgram' } };
  const huge = surroundingsOf(tables).config;
  const { status, todo } = await checkReceiveBuffer(huge, 'linux');
  assert.equal(status, 'warning');
  assert.match(todo ?? '', /net\.core\.rmem_max=1073741824/);
});

test('the clock is asked of whoever may know of it', async () => {
  const check = async (files: Record<string, string>, commands: Record<string, string>) =>
    checkSystemClock(
      surroundingsOf(
        {},
        {
          systemFile: async (path) => files[path] ?? null,
          systemCommand: async (name) => commands[name] ?? null,
        },
      ),
    );
  const chronyc = (leap: string) => `Stratum         : 3\nLeap status     : ${leap}\n`;
  assert.equal((await check({ '/run/systemd/timesync/synchronized': '' }, {})).status, 'ok');
  assert.equal((await check({}, { timedatectl: 'yes\n' })).status, 'ok');
  assert.equal((await check({}, { timedatectl: 'no\n' })).status, 'warning');
  assert.equal((await check({}, { timedatectl: 'no\n', chronyc: chronyc('Normal') })).status, 'ok');
  assert.equal((await check({}, { chronyc: chronyc('Not synchronised') })).status, 'warning');
  const unknown = await check({}, {});
  assert.equal(unknown.status, 'ok');
  assert.match(unknown.found, /^not known/);
});

test('what only Linux tells is not checked elsewhere', async () => {
  const mac = surroundingsOf({}, { platform: 'darwin' });
  for (const check of [checkLocalPortRange, checkDescriptorLimit, checkSystemClock])
    assert.deepEqual(await check(mac), { status: 'ok', found: 'not checked on darwin' });
});
