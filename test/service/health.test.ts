import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HealthProbe, type RecordsFolder } from '../../src/service/index.ts';
import { exists } from '../support/exists.ts';

type Options = ConstructorParameters<typeof HealthProbe>[0];

const folder = await mkdtemp(join(tmpdir(), 'rst-health-'));
after(() => rm(folder, { recursive: true }));

function folderOf(facts: Partial<RecordsFolder> = {}): RecordsFolder {
  return { dir: folder, room: 'enough', freeBytes: 1e12, failing: null, ...facts };
}

/** A server that is well, but for this. */
function probe(parts: Partial<Options> = {}) {
  return new HealthProbe({
    folders: () => [folderOf()],
    control: () => '127.0.0.1:9527',
    wantedWorkers: () => 2,
    workersAnswer: () => [Promise.resolve(), Promise.resolve()],
    recentFailures: () => 0,
    boxes: () => [{ name: 'fs1', state: 'ready', lastError: 'it was away' }],
    ...parts,
  });
}

/** The names of what has failed, and what was found there. */
async function failuresOf(parts: Partial<Options>) {
  const { status, checks } = await probe(parts).examine();
  const failed = checks.filter((check) => check.status === 'failed');
  assert.equal(status, failed.length === 0 ? 'well' : 'unwell');
  return failed.map(({ name, found }) => `${name}: ${found}`);
}

describe('how a running server is', () => {
  test('is well where all of it is, and nothing is left in the folder', async () => {
    const { status, checks } = await probe().examine();
    assert.equal(status, 'well');
    assert.deepEqual(
      checks.map(({ name, status }) => [name, status]),
      [
        ['control port', 'ok'],
        ['workers', 'ok'],
        ['records', 'ok'],
        ['recordings', 'ok'],
        ['box fs1', 'ok'],
      ],
    );
    assert.deepEqual(await readdir(folder), []);
  });

  test('is unwell without a control port, or while recordings fail', async () => {
    assert.match(
      (await failuresOf({ control: () => null })).join(),
      /^control port: it is not open/,
    );
    const failed = await failuresOf({ recentFailures: () => 3 });
    assert.match(failed.join(), /^recordings: 3 of the last 5 minutes could not be made final/);
  });

  test('is unwell where a worker hangs or is missing', async () => {
    const never = new Promise<void>(() => {});
    const hangs = await failuresOf({ workersAnswer: () => [Promise.resolve(), never] });
    assert.match(hangs.join(), /^workers: 1 of 2 capture workers did not answer within 2 s/);
    const missing = await failuresOf({ workersAnswer: () => [Promise.resolve()] });
    assert.match(missing.join(), /^workers: 1 of 2 capture workers run/);
  });

  test('is unwell where the folder is gone, full, failing or can not be written to', async () => {
    const found = async (facts: Partial<RecordsFolder>) =>
      (await failuresOf({ folders: () => [folderOf(facts)] })).join();
    assert.match(await found({ dir: join(folder, 'gone') }), /^records: .* to: ENOENT$/);
    assert.match(await found({ room: 'gone' }), /^records: .* is gone, or its disk is not mounted/);
    assert.match(await found({ freeBytes: 1e6 }), /^records: the disk of .* is full$/);
    assert.match(await found({ failing: 'EIO' }), /^records: .* can't be written to: EIO$/);
    if (process.platform === 'linux')
      assert.match(await found({ dir: '/proc/self' }), /^records: /);
  });

  test('is well where the other folder takes the recordings, or room is short: that is a warning', async () => {
    for (const folders of [
      [folderOf({ failing: 'EIO' }), folderOf()],
      [folderOf({ room: 'low' })],
    ]) {
      const { status, checks } = await probe({ folders: () => folders }).examine();
      const records = checks.find(({ name }) => name === 'records');
      assert.deepEqual([status, records?.status], ['well', 'warning']);
    }
  });

  test('is unwell where the disk hangs, which is asked once at a time', {
    skip: process.platform !== 'linux',
  }, async () => {
    const dir = join(folder, 'hangs');
    await promisify(execFile)('mkdir', [dir]);
    // Opening a pipe that nobody reads waits, as a mount does whose server is gone.
    const pipe = join(dir, `.rst-server-health-${process.pid}`);
    await promisify(execFile)('mkfifo', [pipe]);
    const folders = () => [folderOf({ dir })];
    const hanging = probe({ folders });
    const both = await Promise.all([hanging.examine(), hanging.examine()]);
    for (const { checks } of both)
      assert.match(checks.find(({ name }) => name === 'records')?.found ?? '', /did not answer/);
    await promisify(execFile)('cat', [pipe]);
    while (await exists(pipe)) await sleep(10);
    assert.equal((await probe({ folders }).examine()).status, 'well');
  });

  test('is well with a box that is away, which is a warning', async () => {
    const box = { name: 'fs1', state: 'waiting', lastError: 'ECONNREFUSED' };
    const { status, checks } = await probe({ boxes: () => [box] }).examine();
    assert.equal(status, 'well');
    const { name, status: of, found } = checks.at(-1) ?? {};
    assert.deepEqual([name, of, found], ['box fs1', 'warning', 'waiting: ECONNREFUSED']);
  });
});
