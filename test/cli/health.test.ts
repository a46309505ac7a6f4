import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Health } from '../../src/http/index.ts';
import { AdminServer, ended, spawnCommand } from './admin-server.ts';

const FULL: Health = {
  status: 'unwell',
  checks: [
    { name: 'workers', status: 'ok', found: '2 of 2 answer', isCuredByRestart: true },
    { name: 'records', status: 'failed', found: 'the disk is full', isCuredByRestart: false },
  ],
};

describe('rst-server health', () => {
  test('ends with 0 and says so where the server is well', async () => {
    await using server = await AdminServer.start();
    assert.deepEqual(await server.run('health'), {
      code: 0,
      stdout: 'well\nwarning: box fs1: waiting\nok:      workers: 2 of 2 answer\n',
      stderr: '',
    });
  });

  test('ends with 1 and the reason first where it is not', async () => {
    await using server = await AdminServer.start({ health: async () => FULL });
    const { code, stdout, stderr } = await server.run('health');
    assert.deepEqual([code, stderr], [1, '']);
    assert.equal(stdout.split('\n')[0], 'unwell: records: the disk is full');
    const json = await server.run('health', '--json');
    assert.deepEqual([json.code, JSON.parse(json.stdout)], [1, FULL]);
  });

  test('--live looks past what starting the server again would not cure', async () => {
    const hung: Health = { ...FULL, checks: FULL.checks.map((one) => ({ ...one })) };
    await using server = await AdminServer.start({ health: async () => hung });
    assert.equal((await server.run('health', '--live')).code, 0);
    (hung.checks[0] as { status: string }).status = 'failed';
    assert.equal((await server.run('health', '--live')).code, 1);
  });

  test('ends with 3 where there is no server', async () => {
    await using server = await AdminServer.start();
    const gone = ['health', '--socket', join(server.folder, 'nobody.sock')];
    assert.equal((await ended(spawnCommand(gone))).code, 3);
  });
});
