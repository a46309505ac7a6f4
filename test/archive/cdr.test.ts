import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import {
  CdrFile,
  type CdrLine,
  cdrOf,
  type Manifest,
  type ManifestChannel,
} from '../../src/archive/index.ts';

const DATE = '2026-03-01';
let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cdr-'));
});

afterEach(() => rm(dir, { recursive: true }));

function track(packets: number, lostPackets: number, paths: string[]) {
  const files = paths.map((path) => ({ path, format: 'wav', sizeBytes: 1, sha256: null }));
  return {
    codec: null,
    payloadTypes: [],
    ptimeMs: null,
    sampleRate: null,
    packets,
    bytes: 0,
    samples: 0,
    gaps: [],
    unwritten: [],
    lostPackets,
    driftCorrections: [],
    dropped: {},
    files,
  };
}

const CHANNEL: ManifestChannel = {
  uuid: 'u',
  channelName: 'sofia/internal/138@192.0.2.1',
  callerName: '张三 "the\ncaller"',
  callerNumber: '138',
  calleeName: 'Desk',
  calleeNumber: '9210',
  direction: 'inbound',
  context: 'public',
  profile: 'internal',
  gateway: '',
  domain: '192.0.2.1',
  accountCode: 'sales',
  originator: null,
  bridgedTo: null,
  readCodec: 'PCMU',
  writeCodec: 'PCMU',
  hangupCause: 'NORMAL_CLEARING',
  answeredAt: '2026-03-01T00:00:00.016Z',
  hungUpAt: '2026-03-01T00:00:01.013Z',
  variables: { queue: '7' },
};

function manifestOf(uuid: string, caller = '138'): Manifest {
  return {
    version: 1,
    uuid,
    segment: 2,
    recordId: 'id',
    previous: null,
    next: null,
    node: 'node-a',
    box: 'fs1',
    caller,
    callee: '9210',
    source: { address: '127.0.0.1', port: 40_000 },
    channel: null,
    startedAt: '2026-03-01T00:00:00.000Z',
    answeredAt: null,
    endedAt: '2026-03-01T00:00:01.000Z',
    durationMs: 1000,
    endReason: 'idle',
    reason: 'no packet for 60 s and no BYE',
    tracks: { R: track(50, 1, ['a-R.wav', 'a-R.pcm']), W: track(40, 0, ['a-W.wav']) },
    files: [{ path: 'a.wav', format: 'stereo', sizeBytes: 1, sha256: null }],
    events: [],
    masks: [],
    warnings: ['one', 'two'],
  };
}

async function linesOf(date: string): Promise<CdrLine[]> {
  const text = await readFile(join(dir, 'cdr', `${date}.jsonl`), 'utf8');
  assert.ok(text.endsWith('\n'));
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Line by line, because a difference of long lists takes minutes to show. */
function assertSame(found: CdrLine[], expected: CdrLine[]): void {
  assert.equal(found.length, expected.length);
  found.forEach((line, i) => {
    assert.equal(line.uuid, expected[i]?.uuid);
    assert.ok(JSON.stringify(line) === JSON.stringify(expected[i]), `line ${i}`);
  });
}

test('a CDR says in one line what the manifest says of the call', () => {
  const manifest = { ...manifestOf('u'), channel: CHANNEL, answeredAt: CHANNEL.answeredAt };
  assert.deepEqual(cdrOf(manifest), {
    uuid: 'u',
    segment: 2,
    recordId: 'id',
    node: 'node-a',
    box: 'fs1',
    caller: '138',
    callee: '9210',
    callerName: '张三 "the\ncaller"',
    calleeName: 'Desk',
    direction: 'inbound',
    accountCode: 'sales',
    startedAt: '2026-03-01T00:00:00.000Z',
    answeredAt: '2026-03-01T00:00:00.016Z',
    endedAt: '2026-03-01T00:00:01.000Z',
    durationMs: 1000,
    endReason: 'idle',
    hangupCause: 'NORMAL_CLEARING',
    packets: { R: 50, W: 40 },
    lostPackets: { R: 1, W: 0 },
    files: ['a-R.wav', 'a-R.pcm', 'a-W.wav', 'a.wav'],
    warnings: 2,
    variables: { queue: '7' },
  });
});

test('a CDR of a call that no event socket told of has the same fields', () => {
  const { callerName, direction, hangupCause, variables } = cdrOf(manifestOf('u'));
  assert.deepEqual([callerName, direction, hangupCause, variables], ['', null, null, {}]);
});

test('lines that are appended at once keep their order and never mix', async () => {
  const cdr = new CdrFile(dir);
  const lines = Array.from({ length: 200 }, (_, i) =>
    cdrOf(manifestOf(`u-${i}`, 'a\nb'.repeat((i * 37) % 3000))),
  );
  await Promise.all(lines.map((line) => cdr.append(DATE, line)));
  assertSame(await linesOf(DATE), lines);
});

test('lines of two writers of the same folder never mix either', async () => {
  const writers = [new CdrFile(dir), new CdrFile(dir)];
  const lines = Array.from({ length: 100 }, (_, i) =>
    cdrOf(manifestOf(`u-${i}`, 'x'.repeat(i * 20))),
  );
  await Promise.all(lines.map((line, i) => writers[i % 2]?.append(DATE, line)));
  const found = await linesOf(DATE);
  const byUuid = (one: CdrLine, other: CdrLine) => one.uuid.localeCompare(other.uuid);
  assertSame(found.sort(byUuid), lines.sort(byUuid));
});

test('each day has its file, for the service and its group', async () => {
  const cdr = new CdrFile(dir);
  await cdr.append('2026-03-01', cdrOf(manifestOf('a')));
  await cdr.append('2026-03-02', cdrOf(manifestOf('b')));
  assert.deepEqual(await readdir(join(dir, 'cdr')), ['2026-03-01.jsonl', '2026-03-02.jsonl']);
  const mask = ~process.umask();
  assert.equal((await stat(join(dir, 'cdr'))).mode & 0o777, 0o750 & mask);
  assert.equal((await stat(join(dir, 'cdr', '2026-03-01.jsonl'))).mode & 0o777, 0o640 & mask);
});

test('a line that cannot be written rejects, and the next one is written all the same', async () => {
  const cdr = new CdrFile(dir);
  await writeFile(join(dir, 'cdr'), 'a file in the place of the folder');
  await assert.rejects(cdr.append(DATE, cdrOf(manifestOf('a'))), { code: /EEXIST|ENOTDIR/ });
  await rm(join(dir, 'cdr'));
  await cdr.append(DATE, cdrOf(manifestOf('b')));
  assert.deepEqual(
    (await linesOf(DATE)).map(({ uuid }) => uuid),
    ['b'],
  );
});

test('whatever a caller is called, a record stays one line to every reader, and the same', async () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('\n', '\r', '\u0085', '\u2028', '\u2029', '"', '\\', '\0', ','),
    }),
  );
  const cdr = new CdrFile(dir);
  const written: CdrLine[] = [];
  await fc.assert(
    fc.asyncProperty(odd, odd, async (caller, variable) => {
      const channel = { ...CHANNEL, callerName: caller, variables: { queue: variable } };
      const line = cdrOf({ ...manifestOf(`${written.length}`, caller), channel });
      written.push(line);
      await cdr.append(DATE, line);
    }),
  );
  assertSame(await linesOf(DATE), written);
  const text = await readFile(join(dir, 'cdr', `${DATE}.jsonl`), 'utf8');
  // What Unicode, and Python with it, take for the end of a line.
  const ends = /[\n\v\f\r\u0085\p{Zl}\p{Zp}]/u;
  assert.equal(text.split(ends).length - 1, written.length);
});
