import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { channelOf, hangUp } from '../support/channel.ts';
import { startParts } from '../support/daemon-parts.ts';
import { ulawPacket } from '../support/tap.ts';

const UUID = '0b6a7a52-7c3f-4f0e-9f51-5f1f7b1f0004';
/** What a caller can send as his name, and a dialplan as a variable. */
const HOSTILE = '张三 "\r\n\0../../etc/passwd';

function start(t: TestContext, name?: string) {
  return startParts(t, { firstPort: 15_140, ...(name === undefined ? {} : { name }) });
}

async function cdrLines(dir: string): Promise<Record<string, unknown>[]> {
  const day = (await readFile(join(dir, 'cdr/2026-03-01.jsonl'), 'utf8').catch(() => '')).trim();
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'UTC' }).format(Date.now());
  const now = (await readFile(join(dir, `cdr/${today}.jsonl`), 'utf8').catch(() => '')).trim();
  return [...day.split('\n'), ...now.split('\n')].filter(Boolean).map((line) => JSON.parse(line));
}

describe('what FreeSWITCH says of a call', () => {
  test('is in its manifest, its CDR, its name and its files', async (t) => {
    const { channels, registry, tap, now, names, manifest, filed, dir } = await start(
      t,
      '{box}-{direction}-{caller}-{callee}',
    );
    const channel = channelOf({
      uuid: UUID,
      callerName: HOSTILE,
      callerNumber: '../0138',
      variables: { queue: HOSTILE },
    });
    channel.note({ atNs: now(), event: 'answered', text: 'answered' });
    channels.add(channel);
    const { readPort } = await tap.invite(UUID);
    await tap.data(UUID, 'R', ulawPacket(), readPort);
    channel.note({ atNs: now(), event: 'held', text: HOSTILE });
    await tap.bye(UUID);
    channel.note({ atNs: now(), event: 'hung-up', text: 'hung up (NORMAL_CLEARING)' });
    channel.info.hungUpAtMs = Date.UTC(2026, 2, 1, 0, 1);
    registry.hungUp(hangUp(channel));
    await filed(1);
    const name = 'fs1-inbound-%2E.%2F0138-09210';
    assert.deepEqual(await names(), [`${name}-R.wav`, `${name}-W.wav`, `${name}.json`]);
    const found = await manifest(name);
    assert.deepEqual(
      [found.box, found.caller, found.callee, found.answeredAt, found.endReason],
      ['fs1', '../0138', '09210', '2026-03-01T00:00:00.000Z', 'bye'],
    );
    const { box: _, answeredAtMs, hungUpAtMs, ...said } = channel.info;
    assert.deepEqual(found.channel, {
      ...said,
      answeredAt: '2026-03-01T00:00:00.000Z',
      hungUpAt: '2026-03-01T00:01:00.000Z',
    });
    assert.deepEqual(
      found.events.map(({ event, text }) => [event, text]),
      [
        ['answered', 'answered'],
        ['held', HOSTILE],
        ['hung-up', 'hung up (NORMAL_CLEARING)'],
      ],
    );
    const [answered, held] = found.events;
    assert.ok((answered?.atMs ?? 0) <= 0 && (held?.atMs ?? -1) >= 0);
    const startMs = Date.parse(found.startedAt ?? '');
    assert.ok(Math.abs(Date.parse(held?.at ?? '') - startMs - (held?.atMs ?? 0)) <= 1);
    const [line] = await cdrLines(dir);
    assert.deepEqual(
      [line?.box, line?.callerName, line?.hangupCause, line?.accountCode, line?.variables],
      ['fs1', HOSTILE, 'NORMAL_CLEARING', 'sales', { queue: HOSTILE }],
    );
    const wav = await readFile(join(dir, '2026-03-01', `${name}-R.wav`), 'latin1');
    assert.ok(wav.includes('FreeSWITCH call from ../0138 to 09210'));
  });

  test('may come after the call has begun, and ask for other files from the beginning only', async (t) => {
    const { channels, tap, names, manifest, filed, dir } = await start(t);
    const channel = channelOf({ uuid: UUID });
    channel.state = 'unsure';
    channel.formats = ['stereo'];
    const late = channelOf({ uuid: 'late' });
    late.state = 'unsure';
    channels.add(channel);
    for (const uuid of [UUID, 'late']) {
      const { readPort } = await tap.invite(uuid);
      await tap.data(uuid, 'R', ulawPacket(), readPort);
    }
    channels.add(late);
    late.formats = ['stereo'];
    for (const uuid of [UUID, 'late']) await tap.bye(uuid);
    await filed(2);
    assert.deepEqual(await names(), [
      `${UUID}.json`,
      `${UUID}.wav`,
      'late-R.wav',
      'late-W.wav',
      'late.json',
    ]);
    assert.equal((await manifest('late')).caller, '0138');
    const wav = await readFile(join(dir, '2026-03-01/late-R.wav'), 'latin1');
    assert.ok(wav.includes('FreeSWITCH call from 0138 to 09210'));
  });

  test('belongs to the segment in which it happened', async (t) => {
    const { channels, tap, now, manifest, filed } = await start(t);
    const channel = channelOf({ uuid: UUID });
    channel.state = 'unsure';
    channels.add(channel);
    channel.note({ atNs: now(), event: 'answered', text: 'answered' });
    for (const segment of [1, 2]) {
      const { readPort } = await tap.invite(UUID);
      await tap.data(UUID, 'R', ulawPacket(), readPort);
      channel.note({ atNs: now(), event: 'held', text: `in segment ${segment}` });
      await tap.bye(UUID);
      await filed(segment);
    }
    const textsOf = async (name: string) => (await manifest(name)).events.map(({ text }) => text);
    assert.deepEqual(await textsOf(UUID), ['answered', 'in segment 1']);
    assert.deepEqual(await textsOf(`${UUID}.2`), ['in segment 2']);
  });
});

test('a call that could not be tapped has a manifest, a CDR line and a line in the log', async (t) => {
  const { channels, registry, now, names, manifest, lines, dir } = await start(t);
  const channel = channelOf({ uuid: UUID, callerName: HOSTILE });
  channel.note({ atNs: now(), event: 'answered', text: 'answered' });
  channels.add(channel);
  registry.notTapped(channel, 'mod_rst is not loaded');
  registry.notTapped(channel, 'mod_rst is still not loaded');
  await registry.close();
  assert.deepEqual(await names(), [`${UUID}.2.json`, `${UUID}.json`]);
  const both = [await manifest(UUID), await manifest(`${UUID}.2`)];
  const first = both.find(({ reason }) => reason === 'mod_rst is not loaded') ?? assert.fail();
  assert.equal(first.endReason, 'not-tapped');
  assert.deepEqual([first.startedAt, first.source, first.durationMs], [null, null, 0]);
  assert.deepEqual([first.box, first.caller, first.callee], ['fs1', '0138', '09210']);
  assert.equal(first.answeredAt, '2026-03-01T00:00:00.000Z');
  assert.equal(first.channel?.callerName, HOSTILE);
  assert.deepEqual([first.events[0]?.event, first.events[0]?.atMs], ['answered', null]);
  const reasons = (await cdrLines(dir)).map(({ endReason }) => endReason);
  assert.deepEqual(reasons, ['not-tapped', 'not-tapped']);
  const said = lines.filter(({ level }) => level === 'warn');
  assert.equal(said.length, 2);
  assert.deepEqual(
    said.map(({ uuid, box, reason }) => [uuid, box, reason]).sort(),
    [
      [UUID, 'fs1', 'mod_rst is not loaded'],
      [UUID, 'fs1', 'mod_rst is still not loaded'],
    ].sort(),
  );
});

test('a call that is stopped is filed as that, and the tap that goes on gets a further one with a new INV only', async (t) => {
  const { channels, registry, tap, manifest, names, filed } = await start(t);
  const channel = channelOf({ uuid: UUID });
  channels.add(channel);
  const { readPort } = await tap.invite(UUID);
  await tap.data(UUID, 'R', ulawPacket(), readPort);
  for (;;) {
    const [call] = await registry.snapshot();
    if (call?.state === 'active' && call.tracks.R.packets === 1) break;
  }
  assert.equal(registry.stop(UUID, 'stopped by the test'), true);
  await tap.answer(`BYE :${UUID}`);
  await filed(1);
  for (let i = 0; i < 5; i++) await tap.data(UUID, 'R', ulawPacket());
  await tap.invite(UUID, false);
  await tap.data(UUID, 'R', ulawPacket());
  registry.hungUp(hangUp(channel));
  await tap.bye(UUID);
  await filed(2);
  const { endReason, reason, tracks } = await manifest(UUID);
  assert.deepEqual([endReason, reason], ['stopped', 'stopped by the test']);
  assert.equal(tracks.R.packets, 1);
  assert.equal((await manifest(`${UUID}.2`)).tracks.R.packets, 1);
  assert.equal((await names()).filter((name) => name.endsWith('.json')).length, 2);
});
