import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createLog } from '../../src/log.ts';
import { Notifier } from '../../src/service/notifier.ts';
import { openUnixDatagrams, type UnixDatagrams } from '../../src/service/unix-datagrams.ts';
import { NotifyReceiver } from '../support/notify-receiver.ts';

const folder = await mkdtemp(join(tmpdir(), 'rst-notify-'));
after(() => rm(folder, { recursive: true }));

function logOf() {
  const lines: { level: string; msg: string }[] = [];
  const stream = { write: (line: string) => lines.push(JSON.parse(line)) };
  return { lines, log: createLog({ level: 'info', maskNumbers: false, stream }) };
}

const noKoffi = () => {
  throw new Error('koffi is not there');
};

describe('what the service manager is told', { skip: process.platform !== 'linux' }, () => {
  for (const address of [join(folder, 'notify.sock'), `@rst-test-${randomUUID()}`])
    test(`is one datagram at ${address[0] === '@' ? 'a name without a file' : 'a path'}, and a line stays a line`, async () => {
      await using receiver = new NotifyReceiver(address);
      const notifier = new Notifier({ address, log: logOf().log });
      notifier.tell({ READY: 1, STATUS: 'one\nWATCHDOG=trigger' });
      notifier.tell({ EXTEND_TIMEOUT_USEC: 35_000_000 });
      await receiver.told(/EXTEND/);
      await notifier.close();
      notifier.tell({ READY: 1 });
      assert.deepEqual(receiver.messages, [
        'READY=1\nSTATUS=one WATCHDOG=trigger',
        'EXTEND_TIMEOUT_USEC=35000000',
      ]);
    });

  test('waits where the manager is busy, in its order, and no more of it than is of use', async () => {
    const sent: string[] = [];
    let room = 0;
    const socket: UnixDatagrams = {
      send: (text) => {
        if (room === 0) return 'full';
        room--;
        sent.push(text);
        if (sent.length === 16) done.resolve();
        return 'sent';
      },
      close: () => {},
    };
    const done = Promise.withResolvers<void>();
    const notifier = new Notifier({ address: '@', log: logOf().log, open: () => socket });
    for (let i = 0; i < 20; i++) notifier.tell({ N: i });
    room = 20;
    await done.promise;
    assert.deepEqual(
      sent,
      Array.from({ length: 16 }, (_, i) => `N=${i + 4}`),
    );
    await notifier.close();
  });

  test('that reaches nobody is one warning', async () => {
    const { log, lines } = logOf();
    const notifier = new Notifier({ address: join(folder, 'nobody.sock'), log });
    notifier.tell({ READY: 1 });
    notifier.tell({ WATCHDOG: 1 });
    await notifier.close();
    assert.equal(lines.length, 1);
    assert.match(lines[0]?.msg ?? '', /can't be told how this server is \(sendto ENOENT /);
  });

  test('goes through systemd-notify where koffi is missing, one after the other', async () => {
    const said = join(folder, 'said');
    const program = join(folder, 'systemd-notify');
    await writeFile(
      program,
      `#!/bin/sh\ncase "$1" in READY*) sleep 0.2; esac\necho "$@" >> ${said}\n`,
    );
    await chmod(program, 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${folder}:${PATH}`;
    try {
      const { log, lines } = logOf();
      const notifier = new Notifier({ address: '@', log, open: noKoffi });
      notifier.tell({ READY: 1, STATUS: 'two words' });
      notifier.tell({ WATCHDOG: 1 });
      await notifier.close();
      assert.equal(await readFile(said, 'utf8'), 'READY=1 STATUS=two words\nWATCHDOG=1\n');
      assert.deepEqual(lines, []);
    } finally {
      process.env.PATH = PATH;
    }
  });

  test('is a warning where there is no systemd-notify either', async () => {
    const { PATH } = process.env;
    process.env.PATH = join(folder, 'empty');
    try {
      const { log, lines } = logOf();
      const notifier = new Notifier({ address: '@', log, open: noKoffi });
      notifier.tell({ READY: 1 });
      await notifier.close();
      assert.deepEqual(
        lines.map(({ level }) => level),
        ['warn'],
      );
      assert.match(lines[0]?.msg ?? '', /systemd-notify ENOENT/);
    } finally {
      process.env.PATH = PATH;
    }
  });

  test('is nothing at an address that is none', async () => {
    for (const address of ['vsock:2:1', 'relative', `/${'x'.repeat(108)}`])
      assert.throws(() => openUnixDatagrams(address), /neither a path|too long/);
  });
});
