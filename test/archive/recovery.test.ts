import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findJournals, Recovery, readManifest } from '../../src/archive/index.ts';
import { createLog } from '../../src/log.ts';
import { processMark, STATE_FOLDER } from '../../src/recording/index.ts';
import { WAV } from '../../src/recording/wav.ts';

const ENDED = { ...processMark(), started: '1' };

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recovery-'));
});

afterEach(() => rm(dir, { recursive: true }));

async function put(path: string, bytes: string | Uint8Array = ''): Promise<string> {
  await mkdir(join(dir, dirname(path)), { recursive: true });
  await writeFile(join(dir, path), bytes);
  return join(dir, path);
}

/** An unfinished recording of 100 ms. */
async function leave(stem: string, process = ENDED): Promise<string> {
  const head = { journal: 1, recordId: stem, uuid: 'u', stem, process };
  const track = { track: 'R', codec: 'PCMU', sampleRate: 8000, wavCodec: 'pcm' };
  const wav = WAV.head({ sampleRate: 8000, channels: 1, codec: 'L16' });
  await put(`${stem}-R.wav.part`, Buffer.concat([wav, Buffer.alloc(1600)]));
  return put(`${stem}.journal`, `${JSON.stringify(head)}\n${JSON.stringify(track)}\n`);
}

function open(fallbackDir: string | null = null) {
  const lines: { msg: string; journal?: string }[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', maskNumbers: false, stream });
  const nextOf = () => null;
  const options = { dir, fallbackDir, node: 'n', timezone: 'UTC', nextOf, log };
  return { recovery: new Recovery(options), lines };
}

/** Resolves once so many lines are logged. */
async function logged(lines: readonly unknown[], count: number): Promise<void> {
  while (lines.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('journals', () => {
  test('are found in all folders, the last day first, and not behind links or in folders with a dot', async () => {
    await put('2026-03-01/a.journal');
    await put('2026-03-02/deep/b.journal');
    await put('2026-03-02/c.journal');
    await put('2026-03-02/c.json');
    await put('.rst-server/d.journal');
    await symlink(join(dir, '2026-03-01'), join(dir, 'link'));
    const found: string[] = [];
    for await (const path of findJournals(dir)) found.push(relative(dir, path));
    assert.deepEqual(found, [
      '2026-03-02/c.journal',
      '2026-03-02/deep/b.journal',
      '2026-03-01/a.journal',
    ]);
  });

  test('are not looked for any more once nobody wants them', async () => {
    await put('a/b.journal');
    const found: string[] = [];
    for await (const path of findJournals(dir, AbortSignal.abort())) found.push(path);
    assert.deepEqual(found, []);
  });

  test('of a folder that is not there reject with the code of the system', async () => {
    await assert.rejects(findJournals(join(dir, 'gone')).next(), { code: 'ENOENT' });
  });
});

describe('the recovery', () => {
  test('makes everything final behind the start, in records.fallback_dir too, and ends when told to', async () => {
    await leave('2026-03-01/u');
    await leave('fallback/2026-03-02/v');
    const { recovery, lines } = open(join(dir, 'fallback'));
    await recovery.open();
    for (const folder of ['', 'fallback']) {
      const names = await readdir(join(dir, folder, STATE_FOLDER));
      assert.match(names.join(), /^alive-\w+$/, `a server elsewhere is told in ./${folder}`);
    }
    recovery.start();
    await logged(lines, 2);
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['recording recovered', 'recording recovered'],
    );
    await recovery.close();
    const files = await readdir(join(dir, '2026-03-01'));
    assert.deepEqual(files.sort(), ['u-R.wav', 'u-W.wav', 'u.json']);
    for (const folder of ['', 'fallback'])
      assert.equal((await readdir(join(dir, folder))).includes(STATE_FOLDER), false);
  });

  test('leaves what is being recorded, unless it is told that its thread is gone', async () => {
    const journal = await leave('2026-03-02/u', processMark());
    await leave('2026-03-01/v');
    const { recovery, lines } = open();
    recovery.start();
    await logged(lines, 1);
    assert.ok((await readdir(join(dir, '2026-03-02'))).includes('u-R.wav.part'));
    recovery.add(journal);
    await logged(lines, 2);
    assert.equal((await readManifest(join(dir, '2026-03-02/u'))).endReason, 'recovered');
    await recovery.close();
  });

  test('says what it could not recover, and goes on with the next', async () => {
    const journal = await leave('2026-03-02/u');
    await put('2026-03-02/u.json', '{"recordId":"other"}');
    await leave('2026-03-01/v');
    const { recovery, lines } = open();
    recovery.start();
    await logged(lines, 2);
    const [first, second] = lines;
    assert.deepEqual(
      [first?.msg, first?.journal, second?.msg],
      ['a recording could not be recovered', journal, 'recording recovered'],
    );
    await recovery.close();
  });
});
