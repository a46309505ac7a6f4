import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { findLeftBehind } from '../../src/archive/index.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'left-behind-'));
  await mkdir(join(dir, 'day'));
});

afterEach(() => rm(dir, { recursive: true }));

async function leave(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(join(dir, 'day', name), '');
}

async function journal(name: string, head: object): Promise<void> {
  await writeFile(join(dir, 'day', name), `${JSON.stringify(head)}\n{"track":"R"}\n`);
}

test('what is left is found by the recordId of its journal, with its own files only', async () => {
  await journal('u.journal', { journal: 1, recordId: 'a' });
  await journal('u.2.journal', { journal: 1, recordId: 'b' });
  await journal('u-R.journal', { journal: 1, recordId: 'b' });
  await leave('u-R.wav.part', 'u-W.wav.part', 'u-R.ulaw', 'u-R.2.alaw.part', 'u.wav.part');
  await leave('u.json', 'u.2-R.wav.part', 'u.2.json.part', 'u-R-W.wav.part', 'u.22-R.wav.part');
  assert.deepEqual(await findLeftBehind(dir, 'day/u', 'a'), {
    segment: 1,
    stem: 'day/u',
    journalPath: join(dir, 'day/u.journal'),
    files: [
      'day/u-R.2.alaw.part',
      'day/u-R.ulaw',
      'day/u-R.wav.part',
      'day/u-W.wav.part',
      'day/u.wav.part',
    ],
  });
  const second = await findLeftBehind(dir, 'day/u', 'b');
  assert.deepEqual([second?.segment, second?.stem], [2, 'day/u.2']);
  assert.deepEqual(second?.files, ['day/u.2-R.wav.part']);
});

test('a journal that is empty or broken is nobody’s', async () => {
  await leave('u.journal');
  await writeFile(join(dir, 'day', 'u.2.journal'), '{"recordId":"a');
  await writeFile(join(dir, 'day', 'u.3.journal'), 'null\n');
  assert.equal(await findLeftBehind(dir, 'day/u', 'a'), null);
});

test('a folder that is not there rejects with the code of the system', async () => {
  await assert.rejects(findLeftBehind(dir, 'gone/u', 'a'), { code: 'ENOENT' });
});
