import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runFiles } from './run-files.ts';

/** Runs files with these bodies, each of which may `note` something. */
async function run(t: TestContext, bodies: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'run-files-'));
  t.after(() => rm(root, { recursive: true }));
  const notes = join(root, 'notes');
  await writeFile(notes, '');
  for (const [name, body] of Object.entries(bodies))
    await writeFile(
      join(root, name),
      `import { test } from 'node:test';
      import { appendFileSync, readFileSync } from 'node:fs';
      const notes = ${JSON.stringify(notes)};
      const note = (text) => appendFileSync(notes, text + ' ');
      ${body}`,
    );
  let printed = '';
  const totals = await runFiles(Object.keys(bodies), {
    ...{ root, flags: ['--test-timeout=60000'], env: process.env },
    print: (text) => {
      printed += text;
    },
  });
  const notesText = await readFile(notes, 'utf8');
  return { totals, printed, notes: notesText.trim().split(' ') };
}

/** A test that notes when it begins and ends, and meanwhile waits for a note of another. */
const noting = (name: string, ports: string, awaited = '') =>
  `test('${name}', async () => { // ${ports}
    note('${name}<');
    while (!readFileSync(notes, 'utf8').includes('${awaited}'))
      await new Promise((resolve) => setTimeout(resolve, 10));
    note('>${name}');
  });`;

test('a file in which a test fails, or that can not be run, has failed, and its tests are counted', async (t) => {
  const { totals, printed } = await run(t, {
    'good.mjs':
      "test('one', () => {}); test('two', () => {}); test('three', { skip: true }, () => {});",
    'bad.mjs': "test('no', () => { throw new Error('because'); });",
    'broken.mjs': "throw new Error('at once');",
  });
  assert.deepEqual(totals.failed.sort(), ['bad.mjs', 'broken.mjs']);
  assert.deepEqual(
    ['tests', 'pass', 'fail', 'skipped'].map((what) => totals.sums.get(what)),
    [5, 2, 2, 1],
  );
  for (const text of ['# good.mjs', 'because', 'at once']) assert.ok(printed.includes(text), text);
});

test('two files run at a time, but not those that take the same ports', async (t) => {
  const { notes } = await run(t, {
    'a.mjs': noting('a', '12000-12009', 'c<'),
    'b.mjs': noting('b', '12009-12020'),
    'c.mjs': noting('c', '12021-12022'),
  });
  assert.equal(notes.length, 6);
  assert.ok(notes.indexOf('b<') > notes.indexOf('>a'), notes.join(' '));
});
