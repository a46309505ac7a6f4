import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { RstError } from '../../src/errors.ts';
import { AppendFile } from '../../src/recording/append-file.ts';
import { BLOCK_BYTES } from '../../src/recording/block.ts';
import { Disk } from '../../src/recording/disk.ts';
import { Patience } from '../../src/recording/patience.ts';
import { CountingPool } from '../support/counting-pool.ts';

const NOTHING = new Uint8Array(0);
const HEAD = Buffer.from('head');

let folder = '';
let names = 0;
const nextPath = () => join(folder, `file-${++names}.pcm`);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'append-file-'));
});

after(() => rm(folder, { recursive: true }));

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function assertError(file: AppendFile, words: RegExp): void {
  assert.ok(file.error instanceof RstError);
  assert.equal(file.error.code, 'RST_RECORDING');
  assert.ok(file.error.message.startsWith(file.path));
  assert.match(file.error.message, words);
}

describe('an append file', () => {
  test('holds head, pieces in their order and tail, whether they came before or after it was open', async () => {
    const piece = fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }) },
      { weight: 1, arbitrary: fc.constant(new Uint8Array(BLOCK_BYTES).fill(7)) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 40_000 }) },
    );
    const pieces = fc.array(piece, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        pieces,
        pieces,
        fc.uint8Array({ maxLength: 50 }),
        async (early, late, tail) => {
          const pool = new CountingPool();
          const file = new AppendFile(pool, new Patience(new Disk()));
          const add = (one: Uint8Array | number) =>
            typeof one === 'number' ? file.fill(0, one) : file.append(pool.filled(one));
          const path = nextPath();
          early.forEach(add);
          const opened = file.open(path, Buffer.from('xxxx'));
          late.forEach(add);
          await opened;
          assert.equal(await file.finish(HEAD, tail, false), true);
          const body = [...early, ...late].map((one) =>
            typeof one === 'number' ? new Uint8Array(one) : one,
          );
          const expected = Buffer.concat([HEAD, ...body, tail]);
          assert.ok((await readFile(path)).equals(expected));
          assert.equal(file.sizeBytes, expected.length);
          assert.equal(file.error, null);
          assert.equal(pool.out, 0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('keeps the order of a thousand blocks that are appended at once', async () => {
    const pool = new CountingPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    const path = nextPath();
    await file.open(path, NOTHING);
    const expected = Buffer.alloc(4000);
    for (let i = 0; i < 1000; i++) {
      expected.writeUInt32LE(i, 4 * i);
      file.append(pool.filled(expected.subarray(4 * i, 4 * i + 4)));
    }
    assert.equal(await file.finish(NOTHING, NOTHING, true), true);
    assert.ok((await readFile(path)).equals(expected));
    assert.equal(pool.out, 0);
  });

  test('has .part behind its name until it is finished, and mode 0640', async () => {
    const file = new AppendFile(new CountingPool(), new Patience(new Disk()));
    const path = nextPath();
    await file.open(path, HEAD);
    assert.equal(await exists(path), false);
    assert.equal((await stat(`${path}.part`)).mode & 0o777, 0o640 & ~process.umask());
    await file.finish(HEAD, NOTHING, false);
    assert.equal(await exists(`${path}.part`), false);
    assert.equal((await stat(path)).mode & 0o777, 0o640 & ~process.umask());
    assert.equal((await stat(path)).nlink, 1);
  });

  test('ends with a hole where silence comes last', async () => {
    const file = new AppendFile(new CountingPool(), new Patience(new Disk()));
    const path = nextPath();
    await file.open(path, HEAD);
    file.fill(0, 50_000_000);
    assert.equal(await file.finish(HEAD, NOTHING, false), true);
    const { size, blocks } = await stat(path);
    assert.equal(size, 50_000_004);
    assert.ok(blocks * 512 < 1_000_000, `${blocks} blocks`);
  });

  test('leaves no file descriptor behind', { skip: process.platform !== 'linux' }, async () => {
    const isOpen = (path: string) =>
      readdirSync('/proc/self/fd').some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
        } catch {
          return false;
        }
      });
    const path = nextPath();
    const file = new AppendFile(new CountingPool(), new Patience(new Disk()));
    await file.open(path, HEAD);
    assert.equal(isOpen(path), true);
    await file.finish(HEAD, NOTHING, false);
    assert.equal(isOpen(path), false);
  });
});

describe('an append file never overwrites', () => {
  test('a file that has its name when it is finished, and keeps its own bytes as .part', async () => {
    const pool = new CountingPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    const path = nextPath();
    await file.open(path, HEAD);
    file.append(pool.filled(Buffer.from('mine')));
    await writeFile(path, 'theirs');
    assert.equal(await file.finish(HEAD, NOTHING, false), false);
    assertError(file, /EEXIST/);
    assert.equal(await readFile(path, 'utf8'), 'theirs');
    assert.equal(await readFile(`${path}.part`, 'utf8'), 'headmine');
    assert.equal(pool.out, 0);
  });

  test('a .part that is there already', async () => {
    const pool = new CountingPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    const path = nextPath();
    await writeFile(`${path}.part`, 'theirs');
    file.append(pool.filled(Buffer.from('before')));
    await file.open(path, HEAD);
    file.append(pool.filled(Buffer.from('after')));
    file.fill(0, 10);
    assertError(file, /EEXIST/);
    assert.equal(pool.out, 0);
    assert.equal(await file.finish(HEAD, NOTHING, false), false);
    assert.equal(await readFile(`${path}.part`, 'utf8'), 'theirs');
    assert.equal(await exists(path), false);
  });

  test('what a link in the place of its .part leads to', async () => {
    const target = nextPath();
    const path = nextPath();
    await writeFile(target, 'theirs');
    await symlink(target, `${path}.part`);
    const file = new AppendFile(new CountingPool(), new Patience(new Disk()));
    await file.open(path, HEAD);
    assertError(file, /EEXIST/);
    assert.equal(await file.finish(HEAD, NOTHING, false), false);
    assert.equal(await readFile(target, 'utf8'), 'theirs');
  });
});

describe('an append file that fails', () => {
  test('because its folder is a file says so, and returns every block', async () => {
    const pool = new CountingPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    file.append(pool.filled(Buffer.from('before')));
    const path = nextPath();
    await writeFile(path, 'no folder');
    await file.open(join(path, 'u-R.pcm'), HEAD);
    assertError(file, /ENOTDIR/);
    file.append(pool.filled(Buffer.from('after')));
    assert.equal(await file.finish(HEAD, NOTHING, true), false);
    assert.equal(pool.out, 0);
  });

  test('because a folder has its .part name says so', async () => {
    const path = nextPath();
    await mkdir(`${path}.part`);
    const file = new AppendFile(new CountingPool(), new Patience(new Disk()));
    await file.open(path, HEAD);
    assertError(file, /EEXIST|EISDIR/);
    assert.equal(await file.finish(HEAD, NOTHING, false), false);
  });

  test('for a reason outside it is abandoned, and returns every block', async () => {
    const pool = new CountingPool();
    const file = new AppendFile(pool, new Patience(new Disk()));
    file.append(pool.filled(Buffer.from('before')));
    file.fill(0, 3);
    file.abandon(new Error('no name was reserved'));
    file.append(pool.filled(Buffer.from('after')));
    assert.equal(pool.out, 0);
    assert.equal(await file.finish(HEAD, NOTHING, false), false);
    assert.match(String(file.error?.message), /no name was reserved/);
  });

  test('in the middle, as on a full disk, keeps what was written and returns every block', {
    skip: process.platform === 'win32',
  }, async () => {
    // A limit on file sizes makes write() fail for any user, root included.
    const path = nextPath();
    const source = (name: string) => new URL(`../../src/recording/${name}`, import.meta.url).href;
    const script = `
      import { AppendFile } from '${source('append-file.ts')}';
      import { BlockPool } from '${source('block.ts')}';
      import { Disk } from '${source('disk.ts')}';
      import { Patience } from '${source('patience.ts')}';
      let out = 0;
      class Pool extends BlockPool {
        release(block) { out--; super.release(block); }
      }
      const pool = new Pool();
      const file = new AppendFile(pool, new Patience(new Disk()));
      const add = () => {
        const block = pool.take();
        out++;
        block.bytes.fill(9);
        block.usedBytes = block.bytes.length;
        file.append(block);
      };
      await file.open(${JSON.stringify(path)}, Buffer.from('head'));
      for (let i = 0; i < 20; i++) add();
      const whole = await file.finish(Buffer.from('HEAD'), Buffer.from('tail'), true);
      add();
      const { error: { code }, complaint, partPath } = file;
      console.log(JSON.stringify({ whole, out, code, complaint, partPath }));
    `;
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      'ulimit -f 100; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      script,
    ]);
    assert.deepEqual(JSON.parse(stdout), {
      whole: false,
      out: 0,
      code: 'RST_RECORDING',
      complaint: `${path}: writing ended with EFBIG; what was written is left in ${basename(path)}.part`,
      partPath: `${path}.part`,
    });
    assert.equal(await exists(path), false);
    const kept = await readFile(`${path}.part`);
    // The shell counts in units of 512 or 1024 bytes.
    assert.ok(kept.length === 51_200 || kept.length === 102_400, `${kept.length} bytes`);
    assert.equal(kept.toString('latin1', 0, 4), 'head');
    assert.ok(kept.subarray(4).every((byte) => byte === 9));
  });
});
