import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallStats, MediaSummary } from '../../src/capture/index.ts';
import { createLog } from '../../src/log.ts';
import { CallCounts, MinuteLine } from '../../src/service/index.ts';

interface Line {
  msg: string;
  calls: { live: number; begun: number; ended: Record<string, number> };
  packets: number;
  lostPackets: number;
  dropped: Record<string, number>;
  [figure: string]: unknown;
}

/** What of a call's end counts. */
function summary(packets: number, lostPackets = 0, journalPath: string | null = 'a'): MediaSummary {
  const track = { packets, lostPackets };
  return { tracks: { R: track, W: track }, recording: { journalPath } } as unknown as MediaSummary;
}

function create() {
  const lines: Line[] = [];
  const stream = { write: (line: string) => lines.push(JSON.parse(line)) };
  const counts = new CallCounts();
  const live: CallStats[] = [];
  const dropped: Record<string, number> = { malformed: 0, kernel: 0 };
  const minutes = new MinuteLine({
    log: createLog({ level: 'info', maskNumbers: false, stream }),
    counts,
    liveCalls: () => live.length,
    dropped: () => dropped,
    stats: async () => live,
    freePairs: () => 7,
    folders: () => [{ dir: '/srv', room: 'low', freeBytes: 1e6, failing: 'ENOSPC' }],
  });
  return { lines, counts, live, dropped, minutes };
}

function stats(packets: number): CallStats {
  const leg = { codec: null, packets, lastArrivalNs: 0, levelDb: null };
  return { callId: 1, legs: { R: leg, W: leg } };
}

test('a minute in which something happened is one line of what there was since the last one', async () => {
  const { lines, counts, live, dropped, minutes } = create();
  counts.addBegun();
  live.push(stats(1000));
  dropped.kernel = 3;
  await minutes.say();
  live.length = 0;
  counts.addEnded({ end: { reason: 'bye' }, media: summary(1500, 2) });
  counts.addEnded({ end: { reason: 'error' }, media: null });
  dropped.kernel = 4;
  await minutes.say();
  assert.equal(lines.length, 2);
  const [first, second] = lines as [Line, Line];
  assert.equal(first.msg, 'the last minute');
  assert.deepEqual(first.calls, { live: 1, begun: 1, ended: {} });
  assert.deepEqual([first.packets, first.lostPackets, first.dropped], [2000, 0, { kernel: 3 }]);
  assert.deepEqual(second.calls, { live: 0, begun: 0, ended: { bye: 1, error: 1 } });
  assert.deepEqual([second.packets, second.lostPackets, second.dropped], [1000, 4, { kernel: 1 }]);
  assert.equal(first.freePairs, 7);
  const disk = { dir: '/srv', freeBytes: 1e6, room: 'low', failing: 'ENOSPC' };
  assert.deepEqual(first.disks, [disk]);
  assert.ok(Number(first.rssBytes) > 1e6);
  assert.ok(Number(first.loopDelayMs) >= 0);
  if (process.platform === 'linux')
    assert.ok(Number(first.descriptors) < Number(first.descriptorLimit));
});

test('the packets of a call that is just being made final count once', async () => {
  const { lines, counts, live, minutes } = create();
  live.push(stats(100));
  await minutes.say();
  live[0] = stats(0);
  await minutes.say();
  live.length = 0;
  counts.addEnded({ end: { reason: 'bye' }, media: summary(130) });
  await minutes.say();
  assert.deepEqual(
    lines.map(({ packets }) => packets),
    [200, 0, 60],
  );
});

test('a server with nothing to do says so once an hour', async () => {
  const { lines, counts, minutes } = create();
  for (let i = 0; i < 59; i++) await minutes.say();
  assert.equal(lines.length, 0);
  await minutes.say();
  assert.deepEqual(
    lines.map(({ msg, calls }) => [msg, calls]),
    [['the last hour', { live: 0, begun: 0, ended: {} }]],
  );
  counts.addBegun();
  await minutes.say();
  assert.equal(lines[1]?.msg, 'the last minute');
});

test('recordings that could not be made final are news for 5 minutes', () => {
  let nowMs = 0;
  const counts = new CallCounts(() => nowMs);
  counts.addEnded({ end: { reason: 'bye' }, media: summary(1, 0, null) });
  counts.addEnded({ end: { reason: 'bye' }, media: summary(1) });
  nowMs = 5 * 60_000;
  assert.equal(counts.recentFailures, 1);
  nowMs++;
  assert.equal(counts.recentFailures, 0);
});
