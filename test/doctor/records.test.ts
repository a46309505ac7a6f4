import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { configSchema } from '../../src/config/index.ts';
import { judgeDiskSpace } from '../../src/doctor/disk-space.ts';
import { checkDiskSpeed, judgeDiskSpeed } from '../../src/doctor/disk-speed.ts';
import { checkRecordsFolder } from '../../src/doctor/records-folder.ts';
import { callCost } from '../../src/service/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'rst-doctor-'));
after(() => rm(folder, { recursive: true }));

const { records } = configSchema.parse({});

test('a folder that can be written to is fine, and so is one that can be made; nothing is left there', async () => {
  const there = await checkRecordsFolder(folder);
  assert.deepEqual([there.verdict.status, there.path], ['ok', folder]);
  const later = await checkRecordsFolder(join(folder, 'a/b'));
  assert.deepEqual([later.verdict.status, later.path], ['ok', folder]);
  assert.match(later.verdict.found, /does not exist yet/);
  assert.deepEqual(await readdir(folder), []);
});

test('a file in the place of the folder, or on the way there, has failed', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const dir of [file, join(file, 'below')]) {
    const { verdict, path } = await checkRecordsFolder(dir);
    assert.deepEqual([verdict.status, path], ['failed', null]);
    assert.match(verdict.found, /a file stands there/);
    assert.match(verdict.todo ?? '', /records\.dir/);
  }
  await rm(file);
});

test('a file system that nobody can write to has failed', {
  skip: process.platform !== 'linux',
}, async () => {
  // Refuses root, too.
  const { verdict } = await checkRecordsFolder('/proc/self');
  assert.equal(verdict.status, 'failed');
});

test('the speed of the disk is measured with a file that is gone afterwards', async () => {
  const { signal } = new AbortController();
  assert.match((await checkDiskSpeed(folder, signal)).found, /a second|almost full/);
  assert.deepEqual(await readdir(folder), []);
});

test('a measurement that is stopped takes its file away as well', async () => {
  const abort = new AbortController();
  const measured = checkDiskSpeed(folder, abort.signal);
  while ((await readdir(folder)).length === 0);
  abort.abort();
  await assert.rejects(measured, { name: 'AbortError' });
  assert.deepEqual(await readdir(folder), []);
});

test('less than 20 MB a second is a warning', () => {
  assert.deepEqual(judgeDiskSpeed(300e6), {
    status: 'ok',
    found: '300 MB a second, written and confirmed',
  });
  const slow = judgeDiskSpeed(19.9e6);
  assert.equal(slow.status, 'warning');
  assert.match(slow.found, /^19\.9 MB a second/);
});

test('a call of two legs takes so many bytes, files and descriptors as its formats', () => {
  assert.deepEqual(callCost(records), { bytesPerS: 32_000, files: 3, descriptors: 5 });
  assert.deepEqual(callCost({ formats: ['wav', 'raw'], wavCodec: 'native', hex: false }), {
    bytesPerS: 32_000,
    files: 5,
    descriptors: 7,
  });
  assert.deepEqual(callCost({ formats: ['stereo', 'pcm'], wavCodec: 'pcm', hex: true }), {
    bytesPerS: 96_000,
    files: 6,
    descriptors: 8,
  });
});

test('free space is told in hours of 100 calls; little is a warning, none has failed', () => {
  const judge = (freeBytes: number, freeFiles = 1e6) =>
    judgeDiskSpace({ freeBytes, freeFiles }, records);
  assert.deepEqual(judge(115.2e9), {
    status: 'ok',
    found: '115 GB are free, which is 10.0 hours of 100 calls at a time',
  });
  assert.equal(judge(11e9).status, 'warning');
  assert.equal(judge(1e6).status, 'failed');
  assert.equal(judge(115.2e9, 3000).status, 'warning');
  assert.match(judge(115.2e9, 3000).found, /3000 inodes are left, which is 1000 recordings/);
  assert.equal(judge(115.2e9, 200).status, 'failed');
  assert.equal(judge(115.2e9, Number.POSITIVE_INFINITY).status, 'ok');
});
