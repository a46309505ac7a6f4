import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from '../../src/audio/index.ts';
import { BLOCK_BYTES, type Block, BlockPool, type CodesOf } from '../../src/recording/block.ts';
import { BlockWriter } from '../../src/recording/block-writer.ts';
import { BY_NODE } from '../../src/recording/disk-access.ts';
import { type WriteBlock, writeByNode } from '../../src/recording/write-block.ts';

const TABLES = { PCMU: ULAW_TO_LINEAR, PCMA: ALAW_TO_LINEAR };

function openFile(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'block-writer-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'audio');
  const fd = openSync(path, 'w+');
  t.after(() => closeSync(fd));
  return { path, fd };
}

function openWriter(t: TestContext): BlockWriter {
  const writer = new BlockWriter();
  t.after(() => writer.close());
  return writer;
}

/** A block full of bytes that depend on `seed`. */
function filled(pool: BlockPool, seed: number): Block {
  const block = pool.take();
  for (let i = 0; i < BLOCK_BYTES; i++)
    block.bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return block;
}

/** What a file is to hold of a block's bytes. */
function asWritten(bytes: Uint8Array, codesOf: CodesOf): Buffer {
  if (codesOf === null) return Buffer.from(bytes);
  return Buffer.from(Int16Array.from(bytes, (code) => TABLES[codesOf][code] as number).buffer);
}

function written(write: WriteBlock, ...[fd, bytes, start, length, at, codesOf]: Written) {
  return new Promise<number | Error>((resolve) =>
    write(fd, bytes, start, length, at, codesOf, (error, taken) => resolve(error ?? taken)),
  );
}
type Written = [fd: number, bytes: Uint8Array, start: number, length: number, at: number, CodesOf];

test('blocks get into their files decoded, at their places, by node and by the thread', async (t) => {
  for (const write of [writeByNode, openWriter(t).write]) {
    const { fd, path } = openFile(t);
    const pool = new BlockPool();
    const expected = Buffer.alloc(60_000);
    const orders: Written[] = [
      [fd, filled(pool, 1).bytes, 0, BLOCK_BYTES, 0, 'PCMU'],
      [fd, filled(pool, 2).bytes, 17, 5001, 20_001, 'PCMA'],
      [fd, filled(pool, 3).bytes, 3, 8000, 40_000, null],
      [fd, new Uint8Array(12).fill(9), 1, 10, 59_990, null],
    ];
    const taken = await Promise.all(orders.map((order) => written(write, ...order)));
    assert.deepEqual(taken, [BLOCK_BYTES, 5001, 8000, 10]);
    for (const [, bytes, start, length, at, codesOf] of orders)
      expected.set(asWritten(bytes.subarray(start, start + length), codesOf), at);
    assert.deepEqual(readFileSync(path), expected);
  }
});

test('an error is that of the system, and what is written beside it is written', async (t) => {
  const { write } = openWriter(t);
  const { fd, path } = openFile(t);
  const { bytes } = filled(new BlockPool(), 4);
  const closed = 19_999;
  const [bad, good] = await Promise.all([
    written(write, closed, bytes, 0, 100, 0, 'PCMU'),
    written(write, fd, bytes, 0, 100, 0, null),
  ]);
  assert.equal((bad as NodeJS.ErrnoException).code, 'EBADF');
  assert.equal(good, 100);
  assert.deepEqual(readFileSync(path), asWritten(bytes.subarray(0, 100), null));
});

test('what was under way when the thread ended is written all the same, and what comes then', async (t) => {
  const writer = new BlockWriter();
  const { fd, path } = openFile(t);
  const { bytes } = filled(new BlockPool(), 5);
  const parts = Array.from({ length: 40 }, (_, i) => i);
  const order = (i: number) => written(writer.write, fd, bytes, i * 100, 100, i * 200, 'PCMU');
  const first = Promise.all(parts.slice(0, 20).map(order));
  // The orders are with the thread, which has not begun.
  await new Promise(setImmediate);
  const closing = writer.close();
  const second = Promise.all(parts.slice(20).map(order));
  assert.deepEqual(new Set([...(await first), ...(await second)]), new Set([100]));
  await closing;
  assert.deepEqual(readFileSync(path), asWritten(bytes.subarray(0, 4000), 'PCMU'));
});

test('a name that is taken is found, among many that are not, by node and by the thread', async (t) => {
  const { path } = openFile(t);
  const link = `${path}-link`;
  symlinkSync('nowhere', link);
  const free = ['-free', '-free-R.wav', '/below-a-file'].map((end) => path + end);
  const ended = new BlockWriter();
  await ended.close();
  for (const disk of [BY_NODE, openWriter(t), ended]) {
    const found = [[...free, path], [link, ...free], free, []].map((paths) =>
      disk.anyExists(paths),
    );
    assert.deepEqual(await Promise.all(found), [true, true, false, false]);
  }
});

test('who looks for names when the thread ends is told all the same', async (t) => {
  const writer = new BlockWriter();
  const { path } = openFile(t);
  const looks = [[path], [`${path}-free`]].map((paths) => writer.anyExists(paths));
  await writer.close();
  assert.deepEqual(await Promise.all(looks), [true, false]);
});

test('a file is created with its text, or not at all, by node and by the thread', async (t) => {
  const { path } = openFile(t);
  const ended = new BlockWriter();
  await ended.close();
  for (const [i, disk] of [BY_NODE, openWriter(t), ended].entries())
    for (const isDurable of [false, true]) {
      const own = `${path}-${i}-${isDurable}`;
      const [first, second] = await Promise.allSettled([
        disk.create(own, 'täxt\n', isDurable),
        disk.create(own, 'other', isDurable),
      ]);
      assert.equal(first.status, 'fulfilled');
      assert.equal((second as PromiseRejectedResult).reason.code, 'EEXIST');
      assert.equal(readFileSync(own, 'utf8'), 'täxt\n');
      await assert.rejects(disk.create(`${own}/below`, '', isDurable), { code: 'ENOTDIR' });
    }
});
