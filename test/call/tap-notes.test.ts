import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Call } from '../../src/call/call.ts';
import { type TapNote, TapNotes } from '../../src/call/index.ts';
import { Tap } from '../../src/call/tap.ts';
import { createLog } from '../../src/log.ts';
import { type ProcessMark, processMark } from '../../src/recording/index.ts';

const ENDED: ProcessMark = { ...processMark(), started: '1' };
const SOURCE = { address: '127.0.0.1', port: 4000 };

let dir = '';
let folder = '';
const lines: { msg: string }[] = [];
const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
const LOG = createLog({ level: 'info', maskNumbers: false, stream });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'notes-'));
  folder = join(dir, '.rst-server', 'taps-n');
  await mkdir(folder, { recursive: true });
  lines.splice(0);
});

afterEach(() => rm(dir, { recursive: true }));

function open(): TapNotes {
  return new TapNotes(dir, 'n', LOG);
}

async function leave(recordId: string, change: Partial<TapNote> = {}): Promise<void> {
  const uuid = recordId;
  const inv = { kind: 'inv', uuid, caller: '', callee: '', ports: null } as const;
  const startedAtMs = Date.now();
  const nothing = { segment: null, previous: null, ended: null, ports: null };
  const rest = { name: 'd/u', startedAtMs, ...nothing };
  const note: TapNote = { recordId, inv, taps: [{ source: SOURCE, inv }], process: ENDED, ...rest };
  await writeFile(join(folder, `${recordId}.json`), JSON.stringify({ ...note, ...change }));
}

async function read(): Promise<string[]> {
  const notes = open();
  const all = async (records: readonly { recordId: string }[]) =>
    new Set(records.map(({ recordId }) => recordId));
  const ids = (await notes.read(all)).map(({ recordId }) => recordId);
  await notes.close();
  return ids;
}

test('a server reads the notes of those that have ended, and not of those that run', async () => {
  await leave('a');
  await leave('b', { process: processMark() });
  assert.deepEqual(await read(), ['a']);
  assert.deepEqual((await readdir(folder)).sort(), ['a.json', 'b.json']);
});

test('of each UUID and of each port the last call counts', async () => {
  const ports = { readPort: 10_000, writePort: 10_001 };
  const inv = { kind: 'inv', uuid: 'u', caller: '', callee: '', ports: null } as const;
  await leave('old', { inv, startedAtMs: Date.now() - 2000 });
  await leave('new', { inv, startedAtMs: Date.now() - 1000 });
  await leave('had', { ports, startedAtMs: Date.now() - 2000 });
  await leave('has', { ports, startedAtMs: Date.now() });
  assert.deepEqual(await read(), ['has', 'new']);
  assert.deepEqual((await readdir(folder)).sort(), ['has.json', 'new.json']);
});

test('a segment of which nothing was recorded is the one that it goes on from', async () => {
  const previous = { recordId: 'before', name: 'd/v', segment: 4 };
  await leave('gone', { previous });
  await leave('kept', { previous });
  await leave('alone');
  const notes = open();
  const read = await notes.read(async (records) => {
    assert.deepEqual(new Set(records.map(({ recordId }) => recordId)), new Set(['gone', 'kept']));
    return new Set(['kept']);
  });
  await notes.close();
  const facts = read.map(({ recordId, name, segment }) => [recordId, name, segment]);
  assert.deepEqual(facts.sort(), [
    ['alone', 'd/u', null],
    ['before', 'd/v', 4],
    ['kept', 'd/u', null],
  ]);
  assert.deepEqual((await readdir(folder)).sort(), ['alone.json', 'before.json', 'kept.json']);
});

test('what is torn, strange or older than two days is nobody’s, and goes', async () => {
  await leave('old', { startedAtMs: Date.now() - 49 * 3600e3 });
  await leave('none', { taps: [] });
  await leave('port', { ports: { readPort: 0, writePort: 70_000 } });
  await writeFile(join(folder, 'torn.json'), '{"recordId":"torn","na');
  await writeFile(join(folder, 'x.json.part'), '');
  assert.deepEqual(await read(), []);
  assert.deepEqual(await readdir(folder), []);
});

test('of many calls that go on at once, each has the note of its last segment until the next one has its own', async () => {
  const uuids = Array.from({ length: 100 }, (_, i) => `call-${i}`);
  for (const uuid of uuids) await leave(uuid);
  const rest = { name: 'd/u', segment: null, startedAtMs: Date.now(), ports: null, end: null };
  const notes = open();
  for (const uuid of uuids) {
    const inv = { kind: 'inv', uuid, caller: '', callee: '', ports: null } as const;
    const tap = new Tap(uuid, SOURCE, inv, 'address');
    const next = { recordId: `${uuid}.2`, inv, tap, legsTap: tap, ...rest } as unknown as Call;
    notes.write(next);
    notes.remove({ recordId: uuid });
  }
  let names: Set<string>;
  do {
    await setImmediate();
    names = new Set(readdirSync(folder));
    for (const uuid of uuids)
      assert.ok(names.has(`${uuid}.json`) || names.has(`${uuid}.2.json`), `${uuid} has no note`);
  } while (uuids.some((uuid) => names.has(`${uuid}.json`)));
  await notes.close();
});

test('a folder that is not there has no notes', async () => {
  await rm(folder, { recursive: true });
  assert.deepEqual(await read(), []);
});

test('what can not be removed is said once', async () => {
  const notes = open();
  await mkdir(join(folder, 'a.json'));
  await mkdir(join(folder, 'b.json'));
  notes.remove({ recordId: 'a' });
  notes.remove({ recordId: 'b' });
  await notes.close();
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.msg ?? '', /their notes could not be written/);
});
