import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { findRecords } from '../../src/archive/index.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'records-'));
  await mkdir(join(dir, 'd'));
});

afterEach(() => rm(dir, { recursive: true }));

const leave = (name: string, text: string) => writeFile(join(dir, name), text);

test('a record is there where a manifest or a journal of its name says so, in whichever segment', async () => {
  await leave('d/a.json', '{"recordId":"1"}');
  await leave('d/a.2.journal', '{"recordId":"2"}\n{"track":"R"}\n');
  await leave('d/a.3.json', '{"recordId":"3"');
  await leave('d/b.1.json', '{"recordId":"5"}');
  await leave('d/b.1.2.journal', '');
  await leave('c.json', '{"recordId":"6"}');
  await leave('d/z.json', '{"recordId":"7"}');
  const records = [
    ...['1', '2', '3'].map((recordId) => ({ recordId, name: 'd/a' })),
    ...['4', '5'].map((recordId) => ({ recordId, name: 'd/b.1' })),
    ...[{ recordId: '6', name: 'c' }],
    ...[{ recordId: '7', name: 'd/y' }],
    ...[{ recordId: '8', name: 'gone/a' }],
    ...[{ recordId: '1b', name: join(dir, 'd', 'a') }],
  ];
  const found = await findRecords(dir, records);
  assert.deepEqual([...found].sort(), ['1', '2', '5', '6']);
});

test('where a folder can not be read all that may be in it counts as found', async () => {
  await leave('file', '');
  const records = ['1', '2'].map((recordId) => ({ recordId, name: 'file/a' }));
  assert.deepEqual([...(await findRecords(dir, records))], ['1', '2']);
});
