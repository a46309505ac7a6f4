import assert from 'node:assert/strict';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Folders } from '../src/folders.ts';
import { createLog } from '../src/log.ts';
import { onDisk, skip } from './recording/on-disk.ts';

const NEVER = { bytes: 0, percent: 100 };

interface Line {
  level: string;
  msg: string;
  [field: string]: unknown;
}

async function open(t: TestContext, minFree = NEVER) {
  const dir = await mkdtemp(join(tmpdir(), 'folders-'));
  const fallbackDir = await mkdtemp(join(tmpdir(), 'folders-spare-'));
  const lines: Line[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', maskNumbers: false, stream });
  const folders = new Folders({ dir, fallbackDir, minFree, log });
  await folders.start();
  t.after(async () => {
    folders.close();
    await rm(dir, { recursive: true });
    await rm(fallbackDir, { recursive: true });
  });
  return { dir, fallbackDir, lines, folders };
}

test('new recordings go to the other folder while any thread fails on the first, which is said once at either end', async (t) => {
  const { dir, fallbackDir, lines, folders } = await open(t);
  assert.equal(folders.place('day/u'), 'day/u');
  const before = lines.length;
  folders.report({ state: 'failing', dir, reason: 'EIO' });
  folders.report({ state: 'failing', dir, reason: 'ENOSPC' });
  assert.equal(folders.place('day/u'), join(fallbackDir, 'day/u'));
  assert.deepEqual(
    folders.all.map(({ failing }) => failing),
    ['EIO', null],
  );
  folders.report({ state: 'well', dir, lostBytes: 0 });
  assert.equal(folders.place('day/u'), join(fallbackDir, 'day/u'));
  folders.report({ state: 'well', dir, lostBytes: 2_340_000 });
  assert.equal(folders.place('day/u'), 'day/u');
  const said = lines.slice(before);
  assert.deepEqual(
    said.map(({ level, msg }) => [level, msg]),
    [
      [
        'error',
        `records.dir ${dir} can't be written to (EIO): calls go on, and their audio waits in memory, up to records.max_buffer; new recordings go to records.fallback_dir ${fallbackDir}`,
      ],
      [
        'warn',
        `records.dir ${dir} can be written to again, after 0 s: 2.3 MB did not fit into records.max_buffer; the manifests say where that is missing`,
      ],
    ],
  );
  assert.equal(said[1]?.lostBytes, 2_340_000);
});

test('where both folders fail, recordings go to the first all the same', async (t) => {
  const { dir, fallbackDir, lines, folders } = await open(t);
  folders.report({ state: 'failing', dir: fallbackDir, reason: 'EIO' });
  folders.report({ state: 'failing', dir, reason: 'EIO' });
  assert.equal(folders.place('u'), 'u');
  assert.match(
    String(lines.at(-1)?.msg),
    /go there all the same, as records\.fallback_dir .* no better/,
  );
  folders.report({ state: 'well', dir: fallbackDir, lostBytes: 0 });
  assert.match(String(lines.at(-1)?.msg), /nothing was lost$/);
  assert.equal(folders.place('u'), join(fallbackDir, 'u'));
});

test('two folders on one disk are warned of, and share its shortage', async (t) => {
  const { lines, folders } = await open(t, { bytes: 1e18, percent: 100 });
  assert.match(String(lines[0]?.msg), /^records\.fallback_dir is on the same disk as records\.dir/);
  assert.equal(folders.place('u'), 'u');
  assert.deepEqual(
    folders.all.map(({ room }) => room),
    ['low', 'low'],
  );
});

test('a folder that can not be made is refused with its key', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'folders-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'file'), '');
  const log = createLog({ level: 'info', maskNumbers: false, stream: { write: () => {} } });
  const fallbackDir = join(dir, 'file');
  const folders = new Folders({ dir, fallbackDir, minFree: NEVER, log });
  await assert.rejects(folders.start(), {
    code: 'RST_NOT_WRITABLE',
    message: new RegExp(`^records\\.fallback_dir ${fallbackDir} can't be written to \\(EEXIST\\)`),
  });
});

test('a folder whose disk is not mounted any more takes no new recordings until it is', {
  skip,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'folders-gone-'));
  const source = (name: string) => new URL(`../src/${name}`, import.meta.url).href;
  const said = await onDisk(
    dir,
    'size=8m',
    `
    import { Folders } from '${source('folders.ts')}';
    import { createLog } from '${source('log.ts')}';
    const lines = [];
    const stream = { write: (line) => lines.push(JSON.parse(line)) };
    const log = createLog({ level: 'info', maskNumbers: false, stream });
    for (const name of ['d', 'd2']) {
      mkdirSync(name);
      run('mount', '-t', 'tmpfs', 'none', name);
    }
    mkdirSync('d/records');
    const minFree = { bytes: 0, percent: 100 };
    const folders = new Folders({ dir: join(dir, 'd/records'), fallbackDir: join(dir, 'd2'), minFree, log });
    await folders.start();
    const places = [folders.place('u')];
    const said = async (count) => {
      while (lines.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      places.push(folders.place('u'));
    };
    run('umount', 'd');
    await said(1);
    run('mount', '-t', 'tmpfs', 'none', 'd');
    mkdirSync('d/records');
    await said(2);
    // Somebody has made the folder again, on the disk below.
    run('umount', 'd');
    mkdirSync('d/records');
    await said(3);
    folders.close();
    say({ places, lines: lines.map(({ level, msg }) => level + ': ' + msg.replaceAll(dir, '')) });
    `,
  );
  await rmdir(dir);
  const elsewhere = 'new recordings go to records.fallback_dir /d2';
  const lines = said.lines as string[];
  assert.deepEqual(said.places, ['u', join(dir, 'd2/u'), 'u', join(dir, 'd2/u')]);
  assert.deepEqual(lines, [
    `error: records.dir /d/records: it can't be looked at (ENOENT); ${elsewhere}`,
    String(lines[1]),
    `error: records.dir /d/records: its disk is not mounted any more; ${elsewhere}`,
  ]);
  assert.match(String(lines[1]), /^info: .* free there; it takes new recordings again$/);
});
