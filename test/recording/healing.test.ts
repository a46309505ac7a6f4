import assert from 'node:assert/strict';
import fs, { truncateSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { AppendFile } from '../../src/recording/append-file.ts';
import { BLOCK_BYTES } from '../../src/recording/block.ts';
import { BlockStream } from '../../src/recording/block-stream.ts';
import { Buffers } from '../../src/recording/buffers.ts';
import { canHeal } from '../../src/recording/can-heal.ts';
import { DISK_TIMES, Disk, type DiskReport } from '../../src/recording/disk.ts';
import { BY_NODE, type DiskAccess } from '../../src/recording/disk-access.ts';
import { Disks } from '../../src/recording/disks.ts';
import { mergeSpans } from '../../src/recording/merge-spans.ts';
import { Patience } from '../../src/recording/patience.ts';
import { CountingPool } from '../support/counting-pool.ts';

const HEAD = Buffer.from('head');
const TIMES = { retryMinMs: 2, retryMaxMs: 5, slowMs: 60_000, patienceMs: 60_000 };

let folder = '';
let reports: DiskReport[] = [];
let disks: Disk[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'healing-'));
  reports = [];
  disks = [];
});

afterEach(async () => {
  for (const disk of disks) disk.close();
  mock.restoreAll();
  syncBuiltinESMExports();
  await rm(folder, { recursive: true });
});

type Done = (error: Error | null, bytes?: number) => void;

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Writes fail with these codes, one after the other, before they work again; `meanwhile` is called with the first. */
function failWrites(codes: string[], meanwhile = () => {}): void {
  const { write } = fs;
  let count = 0;
  mock.method(fs, 'write', (...words: unknown[]) => {
    const code = codes[count++];
    if (count === 1) meanwhile();
    if (code === undefined) return Reflect.apply(write, fs, words);
    setImmediate(() => (words.at(-1) as Done)(errorOf(code)));
  });
  syncBuiltinESMExports();
}

async function openFile(silence: number | null = null) {
  const pool = new CountingPool();
  const disk = new Disk(folder, (report) => reports.push(report), TIMES);
  disks.push(disk);
  const file = new AppendFile(pool, new Patience(disk), silence);
  const path = join(folder, 'u-R.pcm');
  await file.open(path, HEAD);
  return { pool, disk, file, path };
}

describe('an append file', () => {
  test('goes on where it was after whatever a disk may answer, each piece once and in order', async () => {
    const { pool, file, path } = await openFile();
    failWrites(['EIO', 'ESTALE', 'EROFS', 'ENODEV', 'EDQUOT', 'EAGAIN', 'ENOTCONN']);
    for (const text of ['one ', 'two ', 'three']) file.append(pool.filled(Buffer.from(text)));
    assert.equal(await file.finish(HEAD, Buffer.from('tail'), false), true);
    assert.equal(await readFile(path, 'utf8'), 'headone two threetail');
    assert.deepEqual([file.error, file.goneBytes, pool.out], [null, 0, 0]);
    assert.deepEqual(reports, [{ state: 'failing', dir: folder, reason: 'EIO' }]);
  });

  test('that somebody has removed is not waited for, unless its folder is gone as well', async () => {
    const { file, path } = await openFile();
    await rm(`${path}.part`);
    assert.equal(await file.finish(HEAD, HEAD, false), false);
    assert.equal(file.complaint, `${path}: writing ended with ENOENT`);
    assert.deepEqual(reports, []);

    const other = await openFile();
    const away = `${folder}-away`;
    await rename(folder, away);
    const finished = other.file.finish(HEAD, HEAD, false);
    while (reports.length === 0) await new Promise(setImmediate);
    await rename(away, folder);
    assert.equal(await finished, true);
  });

  test('ends at once with what no waiting heals', async () => {
    const { pool, file, path } = await openFile();
    failWrites(['EFBIG']);
    file.append(pool.filled(Buffer.from('one')));
    assert.equal(await file.finish(HEAD, HEAD, false), false);
    assert.match(
      file.complaint,
      /writing ended with EFBIG; what was written is left in u-R\.pcm\.part$/,
    );
    assert.equal(await readFile(`${path}.part`, 'utf8'), 'head');
    assert.deepEqual([pool.out, reports], [0, []]);
  });

  test('has silence in place of what the disk has lost when it comes back, and says how much that is', async () => {
    const { pool, file, path } = await openFile(0xd5);
    file.append(pool.filled(Buffer.from('written')));
    while (pool.out > 0) await new Promise(setImmediate);
    failWrites(['EIO'], () => truncateSync(`${path}.part`, 6));
    file.append(pool.filled(Buffer.from('next')));
    assert.equal(await file.finish(HEAD, HEAD, false), true);
    const expected = Buffer.concat([
      Buffer.from('headwr'),
      Buffer.alloc(5, 0xd5),
      Buffer.from('nexthead'),
    ]);
    assert.deepEqual(await readFile(path), expected);
    assert.deepEqual([file.goneBytes, pool.out], [5, 0]);
  });

  test('of samples has a hole there, and does not take the holes of its silence for lost', async () => {
    const { pool, file, path } = await openFile(0);
    file.append(pool.filled(Buffer.from('written')));
    file.fill(0, 3);
    while (pool.out > 0) await new Promise(setImmediate);
    failWrites(['EIO', 'EIO'], () => truncateSync(`${path}.part`, 6));
    file.append(pool.filled(Buffer.from('next')));
    assert.equal(await file.finish(HEAD, HEAD, false), true);
    assert.equal(await readFile(path, 'latin1'), `headwr${'\0'.repeat(8)}nexthead`);
    assert.equal(file.goneBytes, 5);
  });

  test('of payloads has nothing in place of what the disk has lost', async () => {
    const { pool, file, path } = await openFile(null);
    file.append(pool.filled(Buffer.from('written')));
    while (pool.out > 0) await new Promise(setImmediate);
    failWrites(['EIO'], () => truncateSync(`${path}.part`, 6));
    file.append(pool.filled(Buffer.from('next')));
    assert.equal(await file.finish(HEAD, HEAD, false), true);
    assert.equal(await readFile(path, 'utf8'), 'headwrnexthead');
    assert.equal(file.goneBytes, 5);
  });

  test('that could not be made durable is not taken for one that is', async () => {
    mock.method(fs, 'fdatasync', (_fd: number, done: Done) =>
      setImmediate(() => done(errorOf('EIO'))),
    );
    syncBuiltinESMExports();
    // Anew, since it has bound the function by now.
    const again = '../../src/recording/append-file.ts?again';
    const { AppendFile: Again } = (await import(again)) as { AppendFile: typeof AppendFile };
    const pool = new CountingPool();
    const file = new Again(pool, new Patience(new Disk(folder, () => {}, TIMES)));
    await file.open(join(folder, 'u-R.pcm'), HEAD);
    file.append(pool.filled(Buffer.from('one')));
    assert.equal(await file.finish(HEAD, HEAD, true), false);
    assert.match(file.complaint, /writing ended with EIO; what was written is left in/);
  });
});

test('the alarm of a disk is raised once however many files fail on it, and cleared once all of them write', async () => {
  const pool = new CountingPool();
  const cleared = Promise.withResolvers<void>();
  const note = (report: DiskReport) => {
    reports.push(report);
    if (report.state === 'well') cleared.resolve();
  };
  const disk = new Disk(folder, note, TIMES);
  const files = Array.from({ length: 20 }, () => new AppendFile(pool, new Patience(disk)));
  await Promise.all(files.map((file, i) => file.open(join(folder, `${i}`), HEAD)));
  failWrites(new Array<string>(40).fill('ENOSPC'));
  for (const file of files) file.append(pool.filled(Buffer.from('body')));
  while (reports.length === 0) await new Promise(setImmediate);
  disk.lost(1000);
  for (const file of files) assert.equal(await file.finish(HEAD, HEAD, false), true);
  // Nothing but the disk's own timer is left, which keeps no process.
  const alive = setInterval(() => {}, 1000);
  await cleared.promise;
  clearInterval(alive);
  assert.deepEqual(reports, [
    { state: 'failing', dir: folder, reason: 'ENOSPC' },
    { state: 'well', dir: folder, lostBytes: 1000 },
  ]);
  disk.close();
});

test('a disk that does not answer is an alarm too, without an error', async () => {
  const raised = Promise.withResolvers<DiskReport>();
  const disk = new Disk(folder, raised.resolve, { ...DISK_TIMES, slowMs: 5 });
  disk.begin();
  const alive = setInterval(() => {}, 1000);
  assert.deepEqual(await raised.promise, {
    state: 'failing',
    dir: folder,
    reason: 'it has not answered for 0.005 s',
  });
  clearInterval(alive);
  disk.close();
});

describe('patience', () => {
  test('has no end while a call runs, and one afterwards only while the disk fails', async () => {
    const disk = new Disk(folder, () => {}, { ...TIMES, patienceMs: 10 });
    const patience = new Patience(disk);
    let tries = 0;
    const fail = async () => {
      tries++;
      throw errorOf('ENOSPC');
    };
    const failing = assert.rejects(patience.insist(fail), { code: 'ENOSPC' });
    while (tries < 20) await new Promise(setImmediate);
    assert.equal(patience.isOver, false);
    patience.begin();
    await failing;
    assert.equal(patience.isOver, true);
    patience.end();
    disk.close();
  });

  test('outlasts a disk that is slow, as long as that gets something done', async () => {
    const disk = new Disk(folder, () => {}, { ...TIMES, slowMs: 400, patienceMs: 1 });
    const patience = new Patience(disk);
    const slow = Promise.withResolvers<void>();
    const acting = patience.insist(() => slow.promise);
    patience.begin();
    // Others get done meanwhile; it is asked once a second.
    for (let i = 0; i < 30; i++) {
      const sinceMs = disk.begin();
      await new Promise((resolve) => setTimeout(resolve, 50));
      disk.end(sinceMs);
    }
    assert.equal(patience.isOver, false);
    slow.resolve();
    await acting;
    patience.end();
    disk.close();
  });

  test('with an action that hangs ends a moment later than with one that fails', async () => {
    const disk = new Disk(folder, () => {}, { ...TIMES, patienceMs: 10 });
    const patience = new Patience(disk);
    const hanging = patience.insist(() => new Promise<void>(() => {}));
    disk.failed(errorOf('EIO'), () => {});
    patience.begin();
    await assert.rejects(hanging, {
      code: 'RST_RECORDING',
      message: `${folder}: nothing could be written any more (EIO)`,
    });
    patience.end();
    disk.close();
  });

  test('that is begun after a shutdown has begun ends with that', async () => {
    const disk = new Disk(folder, () => {}, TIMES);
    disk.hurry(5);
    const patience = new Patience(disk);
    patience.begin();
    await assert.rejects(
      patience.insist(async () => {
        throw errorOf('EDQUOT');
      }),
      { code: 'EDQUOT' },
    );
    patience.end();
    disk.close();
  });
});

test('a folder that fails takes no memory from the other one', () => {
  const buffers = new Buffers(40 * BLOCK_BYTES, true);
  const [main, fallback] = [buffers.of('u'), buffers.of('/b/u')];
  const disk = new Disk(folder, () => {}, TIMES);
  // Never opened: nothing of them is written.
  const stream = (pool: typeof main) =>
    new BlockStream([new AppendFile(pool, new Patience(disk))], pool, disk, 0);
  const [lost, kept] = [stream(main), stream(fallback)];
  const bytes = new Uint8Array(BLOCK_BYTES);
  for (let i = 0; i < 100; i++) lost.append(bytes, 0, bytes.length);
  kept.append(bytes, 0, bytes.length);
  assert.deepEqual([main.waitingBytes, main.isFull], [30 * BLOCK_BYTES, true]);
  assert.deepEqual(
    [lost.lost, lost.lostBytes],
    [[[30 * BLOCK_BYTES, 70 * BLOCK_BYTES]], 70 * BLOCK_BYTES],
  );
  assert.deepEqual(
    [fallback.waitingBytes, fallback.isFull, kept.lostBytes],
    [BLOCK_BYTES, false, 0],
  );
  assert.equal(lost.bytes, 100 * BLOCK_BYTES);
  disk.close();
});

test('what may heal is about the disk, not about the file', () => {
  for (const code of ['ENOSPC', 'EIO', 'EROFS', 'ESTALE', 'ENODEV', 'ENOENT', 'EMFILE', 'EDQUOT'])
    assert.equal(canHeal(errorOf(code)), true, code);
  for (const code of ['EEXIST', 'EBADF', 'EFBIG', 'ENOTDIR', 'RST_RECORDING', 'ERR_X'])
    assert.equal(canHeal(errorOf(code)), false, code);
  assert.equal(canHeal(new Error('no code')), false);
});

test('spans that touch or overlap are one', () => {
  const spans: [number, number][] = [
    [50, 10],
    [0, 10],
    [10, 5],
    [52, 20],
    [100, 1],
  ];
  assert.deepEqual(mergeSpans(spans), [
    [0, 15],
    [50, 22],
    [100, 1],
  ]);
  assert.deepEqual(mergeSpans([]), []);
});

test('a recording whose name is a whole path is on the disk of the other folder', () => {
  const disks = new Disks('/a', '/b');
  assert.equal(disks.of('2026-01-01/u').dir, '/a');
  assert.equal(disks.of('/b/2026-01-01/u').dir, '/b');
  assert.equal(new Disks('/a').of('/b/u').dir, '/a');
});

test('each of the two folders has a way of its own to its disk', () => {
  const ways: DiskAccess[] = [];
  const open = () => {
    const way = { ...BY_NODE };
    ways.push(way);
    return way;
  };
  const disks = new Disks('/a', '/b', () => {}, open);
  const [one, other] = [disks.of('u').access, disks.of('/b/u').access];
  assert.deepEqual(new Set([one, other]), new Set(ways));
  assert.equal(ways.length, 2);
});
