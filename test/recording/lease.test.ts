import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  isProcessAlive,
  LEASE_MS,
  Lease,
  processMark,
  STATE_FOLDER,
} from '../../src/recording/index.ts';
import { newPart } from '../../src/recording/lease.ts';

const ELSEWHERE = { ...processMark(), host: 'other' };

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lease-'));
});

afterEach(() => rm(dir, { recursive: true }));

test('a process elsewhere runs while its lease is fresh, and leaves nothing behind', async () => {
  assert.equal(await isProcessAlive(dir, ELSEWHERE), false);
  const lease = new Lease(dir, ELSEWHERE);
  await lease.start();
  assert.equal(await isProcessAlive(dir, ELSEWHERE), true);
  assert.equal(await isProcessAlive(dir, { ...ELSEWHERE, pid: ELSEWHERE.pid + 1 }), false);
  await lease.close();
  assert.deepEqual(await readdir(dir), []);
});

test('a process elsewhere that renewed nothing for long has ended, and the next one cleans up', async () => {
  const left = new Lease(dir, ELSEWHERE);
  await left.start();
  const folder = join(dir, STATE_FOLDER);
  const [name = ''] = await readdir(folder);
  const old = new Date(Date.now() - LEASE_MS - 1000);
  await utimes(join(folder, name), old, old);
  assert.equal(await isProcessAlive(dir, ELSEWHERE), false);
  await writeFile(join(folder, 'something'), '');
  const [begun = '', cutShort = ''] = [newPart(dir), newPart(dir)];
  await Promise.all([begun, cutShort].map((path) => writeFile(path, '')));
  await utimes(cutShort, old, old);
  const own = new Lease(dir);
  await own.start();
  const names = await readdir(folder);
  assert.deepEqual(
    [name, basename(cutShort), basename(begun)].map((each) => names.includes(each)),
    [false, false, true],
  );
  await rm(begun);
  await own.close();
  await left.close();
  assert.deepEqual(await readdir(folder), ['something']);
});
