import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
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
  return { dir, path, fd };
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

describe('a file is created', () => {
  async function disks(t: TestContext) {
    const ended = new BlockWriter();
    await ended.close();
    return { 'by node': BY_NODE, 'by the thread': openWriter(t), 'behind its end': ended };
  }

  test('with its text, where the name is free, and nothing is left beside it', async (t) => {
    const { dir, path } = openFile(t);
    mkdirSync(join(dir, 'parts'));
    for (const [about, disk] of Object.entries(await disks(t)))
      for (const isDurable of [false, true])
        for (const part of [join(dir, 'parts/new'), join(dir, 'missing/new')]) {
          const own = {
            path: `${path}-${about}-${isDurable}-${basename(dirname(part))}`,
            isDurable,
          };
          await disk.create({ ...own, part, text: 'täxt\n' });
          const taken = disk.create({ ...own, part, text: 'other' });
          await assert.rejects(taken, { code: 'EEXIST' }, about);
          assert.equal(readFileSync(own.path, 'utf8'), 'täxt\n');
          assert.equal(statSync(own.path).mode & 0o777, 0o640);
          const below = { ...own, path: `${own.path}/below` };
          await assert.rejects(disk.create({ ...below, part, text: '' }), { code: 'ENOTDIR' });
          assert.deepEqual(readdirSync(join(dir, 'parts')), []);
        }
  });

  test('once, where two want its name', async (t) => {
    const { dir, path } = openFile(t);
    for (const [about, disk] of Object.entries(await disks(t))) {
      const own = { path: `${path}-${about}`, isDurable: false };
      const texts = ['one', 'other'];
      const made = await Promise.allSettled(
        texts.map((text) => disk.create({ ...own, text, part: join(dir, text) })),
      );
      const winner = made.findIndex(({ status }) => status === 'fulfilled');
      const [loser] = made.filter(({ status }) => status === 'rejected');
      assert.equal((loser as PromiseRejectedResult | undefined)?.reason.code, 'EEXIST', about);
      assert.equal(readFileSync(own.path, 'utf8'), texts[winner], about);
    }
  });

  test('with all of its text as soon as it has its name', async (t) => {
    const { dir, path } = openFile(t);
    const text = 'x'.repeat(5_000_000);
    for (const [about, disk] of Object.entries(await disks(t))) {
      const own = `${path}-${about}`;
      const part = join(dir, 'part');
      const sizes = new Set<number>();
      let isCreated = false;
      const created = disk.create({ path: own, text, isDurable: true, part }).then(() => {
        isCreated = true;
      });
      while (!isCreated) {
        const size = statSync(own, { throwIfNoEntry: false })?.size;
        if (size !== undefined) sizes.add(size);
        await new Promise(setImmediate);
      }
      await created;
      sizes.add(statSync(own).size);
      assert.deepEqual([...sizes], [text.length], about);
    }
  });
});
