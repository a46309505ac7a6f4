import assert from 'node:assert/strict';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  type Manifest,
  type RecoverOptions,
  readManifest,
  recover,
  writeManifest,
} from '../../src/archive/index.ts';
import { claimJournal, Lease, type ProcessMark, processMark } from '../../src/recording/index.ts';
import { WAV } from '../../src/recording/wav.ts';

const DAY = '2026-03-01';
const ENDED: ProcessMark = { ...processMark(), started: '1' };
const HEAD = {
  ...{ journal: 1, recordId: 'rec-1', uuid: 'u', node: 'n1', box: 'fs1', caller: '100' },
  ...{ callee: '200', startedAt: '2026-03-01T10:00:00.000Z', segment: 1, stem: `${DAY}/u` },
  source: { address: '127.0.0.1', port: 4000 },
  ports: { readPort: 10_000, writePort: 10_001 },
  previous: null,
  channel: null,
  process: ENDED,
};
const R_LINE = { track: 'R', codec: 'PCMU', sampleRate: 8000, wavCodec: 'pcm' };

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recover-'));
  await mkdir(join(dir, DAY));
});

afterEach(() => rm(dir, { recursive: true }));

function path(name: string): string {
  return join(dir, DAY, name);
}

async function journal(name: string, ...lines: (object | string)[]): Promise<string> {
  const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`));
  await writeFile(path(name), text.join(''));
  return path(name);
}

function audio(name: string, samples = 800): Promise<void> {
  const head = WAV.head({ sampleRate: 8000, channels: 1, codec: 'L16' });
  return writeFile(path(name), Buffer.concat([head, Buffer.alloc(2 * samples, 1)]));
}

function run(journalPath: string, options: Partial<RecoverOptions> = {}) {
  return recover(journalPath, { dir, node: 'here', timezone: 'UTC', ...options });
}

async function cdr(): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(dir, 'cdr', `${DAY}.jsonl`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function names(): Promise<string[]> {
  return (await readdir(join(dir, DAY))).sort();
}

describe('the journal of a server that ended', () => {
  test('gives its call a manifest, a CDR line and final files, and goes', async () => {
    const at = await journal('u.journal', HEAD, R_LINE);
    await audio('u-R.wav.part');
    const outcome = await run(at);
    assert.deepEqual(
      [outcome.state, outcome.uuid, outcome.durationMs, outcome.files],
      ['recovered', 'u', 100, [`${DAY}/u-R.wav`, `${DAY}/u-W.wav`]],
    );
    assert.deepEqual(await names(), ['u-R.wav', 'u-W.wav', 'u.json']);
    const manifest = await readManifest(path('u'));
    const { recordId, node, box, caller, callee, source, startedAt, endedAt } = manifest;
    assert.deepEqual(
      { recordId, node, box, caller, callee, source, startedAt, endedAt },
      {
        ...{ recordId: 'rec-1', node: 'n1', box: 'fs1', caller: '100', callee: '200' },
        source: HEAD.source,
        startedAt: '2026-03-01T10:00:00.000Z',
        endedAt: '2026-03-01T10:00:00.100Z',
      },
    );
    assert.equal(manifest.endReason, 'recovered');
    assert.match(manifest.reason, /ended without notice/);
    const { R, W } = manifest.tracks;
    assert.deepEqual([R.codec, R.sampleRate, R.samples], ['PCMU', 8000, 800]);
    assert.deepEqual([W.codec, W.sampleRate, W.samples], [null, 8000, 800]);
    assert.match(R.files[0]?.sha256 ?? '', /^[0-9a-f]{64}$/);
    const lines = await cdr();
    assert.deepEqual(
      lines.map((line) => [line.recordId, line.endReason, line.files]),
      [['rec-1', 'recovered', [`${DAY}/u-R.wav`, `${DAY}/u-W.wav`]]],
    );
  });

  test('is said and left as it is in a dry run', async () => {
    const at = await journal('u.journal', HEAD, R_LINE);
    await audio('u-R.wav.part');
    const { state, files } = await run(at, { isDryRun: true });
    assert.deepEqual([state, files], ['found', [`${DAY}/u-R.wav.part`]]);
    assert.deepEqual(await names(), ['u-R.wav.part', 'u.journal']);
    assert.deepEqual(await cdr(), []);
  });

  test('names its files from the folder it was recorded in, not from that which is looked through', async () => {
    const at = await journal('u.journal', HEAD, R_LINE);
    await audio('u-R.wav.part');
    const { files } = await run(at, { dir: join(dir, DAY) });
    assert.equal(files[0], `${DAY}/u-R.wav`);
    assert.equal((await cdr()).length, 1);
  });

  test('in records.fallback_dir has its files named by their whole path, and its CDR line with all others', async () => {
    const fallback = join(dir, 'fallback');
    await mkdir(join(fallback, DAY), { recursive: true });
    const at = join(fallback, DAY, 'u.journal');
    const stem = join(fallback, DAY, 'u');
    await writeFile(at, `${JSON.stringify({ ...HEAD, stem })}\n${JSON.stringify(R_LINE)}\n`);
    await audio('../fallback/2026-03-01/u-R.wav.part');
    const main = join(dir, 'main');
    const { state, files } = await run(at, { dir: main });
    assert.deepEqual([state, files[0]], ['recovered', `${stem}-R.wav`]);
    assert.equal((await readdir(join(main, 'cdr'))).length, 1);
  });

  test('whose audio is missing says so', async () => {
    await run(await journal('u.journal', HEAD, R_LINE));
    const { warnings, files, durationMs } = await readManifest(path('u'));
    assert.deepEqual([files, durationMs], [[], 0]);
    assert.deepEqual(warnings, ['the files that its journal names are not here']);
  });

  test('who had not written anything yet says so', async () => {
    await run(await journal('u.journal', HEAD));
    assert.deepEqual((await readManifest(path('u'))).warnings, ['no audio was written']);
    assert.deepEqual(await names(), ['u.json']);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['is torn in its first line', '{"journal":1,"recordId":"re'],
  ] as const)
    test(`that ${what} is recovered once nobody can be about to write it`, async () => {
      const at = await journal('%2Eu:1.2.journal', text);
      await audio('%2Eu:1.2-R.wav.part');
      assert.equal((await run(at)).state, 'live');
      const old = new Date(Date.now() - 120_000);
      await utimes(at, old, old);
      const { state } = await run(at);
      assert.equal(state, 'recovered');
      const { uuid, segment, node, warnings, tracks } = await readManifest(path('%2Eu:1.2'));
      assert.deepEqual([uuid, segment, node], ['.u:1', 2, 'here']);
      assert.match(warnings[0] ?? '', /its journal can not be read/);
      assert.equal(tracks.R.samples, 800);
    });

  test('whose last line is torn loses that line only', async () => {
    const at = await journal('u.journal', HEAD, R_LINE, '{"track":"W","codec":"PC');
    await audio('u-R.wav.part');
    await audio('u-W.wav.part', 900);
    const { state } = await run(at);
    const { tracks, caller } = await readManifest(path('u'));
    assert.deepEqual([state, caller, tracks.W.samples], ['recovered', '100', 900]);
  });

  test('stays where something can not be made final, and the manifest says what until it is', async () => {
    const at = await journal('u.journal', HEAD, R_LINE);
    await audio('u-R.wav.part');
    await writeFile(path('u-R.wav'), 'somebody else’s');
    for (const _ of ['first', 'second']) {
      assert.equal((await run(at)).state, 'incomplete');
      const { warnings } = await readManifest(path('u'));
      const about = warnings.filter((text) => text.includes('u-R.wav.part'));
      assert.equal(about.length, 1, `${warnings}`);
      assert.ok((await names()).includes('u.journal'));
    }
    await rm(path('u-R.wav'));
    const last = await run(at);
    assert.equal(last.state, 'recovered', `${last.warnings}`);
    const { warnings, tracks } = await readManifest(path('u'));
    assert.deepEqual(
      warnings.filter((text) => text.includes('.part')),
      [],
    );
    assert.equal(tracks.R.files[0]?.sizeBytes, (await readFile(path('u-R.wav'))).length);
    assert.equal((await cdr()).length, 1);
  });

  test('of a call that goes on names the segments before and behind it, and they name it', async () => {
    const before = await journal('v.journal', { ...HEAD, recordId: 'rec-0', stem: `${DAY}/v` });
    await run(before);
    const previous = { recordId: 'rec-0', name: `${DAY}/v` };
    const at = await journal('u.journal', { ...HEAD, previous });
    await run(at, { nextOf: (recordId) => (recordId === 'rec-1' ? 'rec-2' : null) });
    const manifest = await readManifest(path('u'));
    assert.deepEqual([manifest.previous, manifest.next], ['rec-0', 'rec-2']);
    assert.equal((await readManifest(path('v'))).next, 'rec-1');
  });

  test('is named by the segment before it, whichever of them becomes final first', async () => {
    const segments = [1, 2, 3].map((segment) => {
      const stem = `${DAY}/u${segment > 1 ? `.${segment}` : ''}`;
      const previous =
        segment > 1 ? { recordId: `rec-${segment - 1}`, name: `${DAY}/u` } : HEAD.previous;
      return { ...HEAD, recordId: `rec-${segment}`, segment, stem, previous };
    });
    const orders = [
      [1, 2, 3],
      [2, 1, 3],
      [3, 2, 1],
      [2, 3, 1],
    ];
    for (const order of orders) {
      for (const head of segments)
        await journal(`${head.stem.slice(DAY.length + 1)}.journal`, head);
      // One that has been cut short takes no name with it.
      await appendFile(path('u.journal'), '{"track":"R","codec":"PC');
      for (const segment of order) {
        const { stem } = segments[segment - 1] as (typeof segments)[number];
        const { state } = await run(join(dir, `${stem}.journal`));
        assert.equal(state, 'recovered');
      }
      const links = await Promise.all(segments.map(({ stem }) => readManifest(join(dir, stem))));
      assert.deepEqual(
        links.map(({ previous, next }) => [previous, next]),
        [
          [null, 'rec-2'],
          ['rec-1', 'rec-3'],
          ['rec-2', null],
        ],
        `in the order ${order}`,
      );
      for (const { stem } of segments) await rm(join(dir, `${stem}.json`));
    }
  });
});

describe('a journal beside a manifest', () => {
  async function filed(change: Partial<Manifest>): Promise<string> {
    const at = await journal('u.journal', HEAD, R_LINE);
    await run(at);
    const manifest = await readManifest(path('u'));
    await rm(path('u.json'));
    await writeManifest(path('u'), { ...manifest, ...change });
    return journal('u.journal', HEAD, R_LINE);
  }

  test('of a worker that died gives it its audio, and the manifest keeps why it ended', async () => {
    const at = await filed({
      endReason: 'error',
      reason: 'its capture worker ended: no memory',
      durationMs: 80,
      warnings: ['the audio up to the last write is in u-R.wav.part'],
    });
    await audio('u-R.wav.part');
    assert.equal((await run(at)).state, 'recovered');
    const { endReason, reason, durationMs, tracks, warnings } = await readManifest(path('u'));
    assert.deepEqual([endReason, durationMs], ['error', 100]);
    assert.equal(reason, 'its capture worker ended: no memory');
    assert.deepEqual([tracks.R.codec, tracks.R.samples, tracks.R.files.length], ['PCMU', 800, 1]);
    assert.deepEqual(warnings, [
      'its files were not final when it was filed; they were made so later',
    ]);
    assert.equal((await cdr()).length, 1, 'it was in the CDR already');
  });

  test('that a server had not come to remove goes, and the CDR has its line', async () => {
    const at = await filed({ endReason: 'bye', warnings: [] });
    await rm(join(dir, 'cdr'), { recursive: true });
    await run(at);
    const { warnings } = await readManifest(path('u'));
    assert.deepEqual([warnings, await names()], [[], ['u.json']]);
    assert.equal((await cdr()).length, 1);
  });

  test('of another recording is left alone', async () => {
    const at = await filed({ recordId: 'other' });
    await audio('u-R.wav.part');
    const { state, warnings } = await run(at);
    assert.equal(state, 'failed');
    assert.match(warnings[0] ?? '', /manifest of another recording/);
    assert.deepEqual(await names(), ['u-R.wav.part', 'u.journal', 'u.json']);
  });
});

describe('a journal is left alone', () => {
  const elsewhere: ProcessMark = { ...processMark(), host: 'other' };

  test('while the process that records runs', async () => {
    const at = await journal('u.journal', { ...HEAD, process: processMark() }, R_LINE);
    await audio('u-R.wav.part');
    assert.equal((await run(at)).state, 'live');
    assert.deepEqual(await names(), ['u-R.wav.part', 'u.journal']);
  });

  test('while a process elsewhere says that it runs, and no longer', async () => {
    const lease = new Lease(dir, elsewhere);
    await lease.start();
    const at = await journal('u.journal', { ...HEAD, process: elsewhere }, R_LINE);
    assert.equal((await run(at)).state, 'live');
    await lease.close();
    assert.equal((await run(at)).state, 'recovered');
  });

  test('while another process makes it final that came first', async () => {
    const parent = await markOf(process.ppid);
    const at = await journal('u.journal', HEAD, { recovering: ENDED }, { recovering: parent });
    assert.equal((await run(at)).state, 'live');
    await journal('u.journal', HEAD, { recovering: ENDED });
    assert.equal((await run(at)).state, 'recovered');
  });

  test('when it is gone already, which is no fault', async () => {
    assert.equal((await run(path('u.journal'))).state, 'live');
    await assert.rejects(claimJournal(path('u.journal')));
    assert.deepEqual(await names(), []);
  });
});

/** The mark of a process of this machine. */
async function markOf(pid: number): Promise<ProcessMark> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return { ...processMark(), pid, started };
}
