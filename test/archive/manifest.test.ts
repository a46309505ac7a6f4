import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  linkNext,
  type Manifest,
  type ManifestTrack,
  writeManifest,
} from '../../src/archive/index.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'manifest-'));
});

afterEach(() => rm(dir, { recursive: true }));

function trackOf(name: string): ManifestTrack {
  const path = `2026-03-01/u-${name}.wav`;
  return {
    codec: 'PCMU',
    payloadTypes: [0],
    ptimeMs: 20,
    sampleRate: 8000,
    packets: 10,
    bytes: 1600,
    samples: 1600,
    gaps: [[160, 320]],
    unwritten: [],
    lostPackets: 2,
    driftCorrections: [[800, -160]],
    dropped: { malformed: 1 },
    files: [{ path, format: 'wav', sizeBytes: 3280, sha256: 'ab'.repeat(32) }],
  };
}

const MANIFEST: Manifest = {
  version: 1,
  uuid: 'u',
  segment: 1,
  recordId: '2c1f…',
  previous: null,
  next: null,
  node: 'node-a',
  box: null,
  caller: '张三 "the\ncaller"',
  callee: '9210',
  source: { address: '127.0.0.1', port: 40_000 },
  channel: null,
  startedAt: '2026-03-01T00:00:00.000Z',
  answeredAt: null,
  endedAt: '2026-03-01T00:00:00.200Z',
  durationMs: 200,
  endReason: 'bye',
  reason: 'the tap said BYE',
  tracks: { R: trackOf('R'), W: trackOf('W') },
  files: [],
  events: [],
  masks: [],
  warnings: ['one'],
};

/** Names that other software relies on. */
const FIELDS = [
  ...['version', 'uuid', 'segment', 'recordId', 'previous', 'next', 'node', 'box', 'caller'],
  ...['callee', 'startedAt', 'answeredAt', 'endedAt', 'durationMs', 'endReason', 'reason'],
  ...['tracks', 'files', 'events', 'masks', 'warnings'],
];
const TRACK_FIELDS = [
  ...['codec', 'payloadTypes', 'ptimeMs', 'sampleRate', 'packets', 'bytes', 'samples', 'gaps'],
  ...['lostPackets', 'driftCorrections', 'dropped', 'files'],
];
const FILE_FIELDS = ['path', 'format', 'sizeBytes', 'sha256'];

test('a manifest on the disk has every field of the contract, and the values it was given', async () => {
  await writeManifest(join(dir, 'u'), MANIFEST);
  const text = await readFile(join(dir, 'u.json'), 'utf8');
  assert.ok(text.endsWith('}\n'));
  assert.deepEqual(JSON.parse(text), MANIFEST);
  const read = JSON.parse(text);
  for (const field of FIELDS) assert.ok(field in read, field);
  for (const track of [read.tracks.R, read.tracks.W]) {
    for (const field of TRACK_FIELDS) assert.ok(field in track, field);
    for (const field of FILE_FIELDS) assert.ok(field in track.files[0], field);
  }
});

test('a manifest leaves no .part behind and is for the service and its group', async () => {
  await writeManifest(join(dir, 'u'), MANIFEST);
  assert.deepEqual(await readdir(dir), ['u.json']);
  assert.equal((await stat(join(dir, 'u.json'))).mode & 0o777, 0o640 & ~process.umask());
});

test('a manifest never replaces another', async () => {
  await writeFile(join(dir, 'u.json'), 'theirs');
  await assert.rejects(writeManifest(join(dir, 'u'), MANIFEST), { code: 'EEXIST' });
  assert.equal(await readFile(join(dir, 'u.json'), 'utf8'), 'theirs');
});

test('a manifest is given its next segment once, and nothing else of it changes', async () => {
  await writeManifest(join(dir, 'u'), MANIFEST);
  const read = async () => JSON.parse(await readFile(join(dir, 'u.json'), 'utf8'));
  await linkNext(join(dir, 'u'), 'of another', 'n');
  assert.deepEqual(await read(), MANIFEST);
  for (const next of ['n', 'm']) await linkNext(join(dir, 'u'), MANIFEST.recordId, next);
  assert.deepEqual(await read(), { ...MANIFEST, next: 'n' });
  assert.deepEqual(await readdir(dir), ['u.json']);
  await assert.rejects(linkNext(join(dir, 'v'), 'v', 'n'), { code: 'ENOENT' });
});

test('a link that stands where the manifest is written is not followed', async () => {
  await writeFile(join(dir, 'theirs'), 'theirs');
  await symlink(join(dir, 'theirs'), join(dir, 'u.json.part'));
  await writeManifest(join(dir, 'u'), MANIFEST);
  assert.equal(await readFile(join(dir, 'theirs'), 'utf8'), 'theirs');
});

test('what a crash left of a manifest does not stand in the way of a whole one', async () => {
  await writeFile(join(dir, 'u.json.part'), `{"version":1,${' '.repeat(10_000)}`);
  await writeManifest(join(dir, 'u'), MANIFEST);
  assert.deepEqual(JSON.parse(await readFile(join(dir, 'u.json'), 'utf8')), MANIFEST);
});

test('a manifest whose folder is gone rejects with the code of the system', async () => {
  await assert.rejects(writeManifest(join(dir, 'gone', 'u'), MANIFEST), { code: 'ENOENT' });
});
