import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { BY_NODE } from '../../src/recording/disk-access.ts';
import { claimJournal, processMark, readJournal } from '../../src/recording/index.ts';
import { Journal } from '../../src/recording/journal.ts';

let dir = '';
let path = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-'));
  path = join(dir, 'u.journal');
});

afterEach(() => rm(dir, { recursive: true }));

describe('what a journal says', () => {
  for (const isDurable of [false, true])
    test(`is what was written, ${isDurable ? 'each line on the disk' : 'as the system likes'}`, async () => {
      const journal = await Journal.create(dir, path, { uuid: 'u' }, BY_NODE, isDurable);
      await journal.append({ track: 'R', codec: 'PCMA', sampleRate: 8000, wavCodec: 'native' });
      const { head, tracks, recorder, recoverers } = await readJournal(path);
      assert.equal(head?.uuid, 'u');
      assert.deepEqual(tracks, { R: { codec: 'PCMA', sampleRate: 8000, wavCodec: 'native' } });
      assert.deepEqual(recorder, processMark());
      assert.deepEqual(recoverers, []);
    });

  test('is all but the line that was cut short, wherever that is', async () => {
    const journal = await Journal.create(dir, path, { uuid: 'u' });
    await journal.append({ track: 'R', codec: 'PCMU', sampleRate: 8000, wavCodec: 'pcm' });
    const bytes = await readFile(path);
    for (let size = bytes.length; size >= 0; size -= 7) {
      await truncate(path, size);
      const { head, tracks } = await readJournal(path);
      const headBytes = bytes.indexOf('\n');
      assert.equal(head !== null, size >= headBytes, `head at ${size} bytes`);
      assert.equal(tracks.R !== undefined, size >= bytes.length - 1, `track at ${size} bytes`);
    }
  });

  test('is still read behind a torn line, where somebody says that he makes it final', async () => {
    await Journal.create(dir, path, { uuid: 'u' });
    await writeFile(path, '{"track":"R","codec":"PC', { flag: 'a' });
    await claimJournal(path);
    const { head, tracks, recoverers } = await readJournal(path);
    assert.deepEqual([head?.uuid, tracks, recoverers], ['u', {}, [processMark()]]);
  });

  test('is nothing of what can not be: other values, tracks, rates', async () => {
    const lines = ['null', '[]', '7', '{"journal":2}', '{"track":"X","codec":"L16"}', '\0\0\0'];
    const rates = ['0', '-1', '1e9', '"8000"', 'null'];
    lines.push(...rates.map((rate) => `{"track":"R","codec":"L16","sampleRate":${rate}}`));
    await writeFile(path, `${lines.join('\n')}\n{"recovering":{"pid":"1"}}`);
    const content = await readJournal(path);
    assert.deepEqual(content, {
      head: null,
      tracks: {},
      recorder: null,
      next: null,
      recoverers: [],
    });
  });
});

test('a journal that is gone is not made anew by whoever wants to make it final', async () => {
  await assert.rejects(claimJournal(path), { code: 'ENOENT' });
  await assert.rejects(access(path), { code: 'ENOENT' });
});
