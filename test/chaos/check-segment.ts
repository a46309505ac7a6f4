import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/archive/index.ts';
import { parseWav } from '../../src/audio/index.ts';
import type { LegName } from '../../src/protocol/index.ts';
import type { PlayedFile } from './assert-plays.ts';
import { type FoundPacket, PACKET_BYTES, packetsIn } from './numbered-audio.ts';

const LEGS = ['R', 'W'] as const;
/** The end of a call is when its BYE came; its audio may be a little behind, as its packets were. */
const LATE_MS = 250;

/** A segment of a call whose manifest is true. */
export interface CheckedSegment {
  manifest: Manifest;
  /** What its files have of each leg. */
  found: Record<LegName, FoundPacket[]>;
  /** For other readers. */
  played: PlayedFile[];
}

/**
 * Reads all files of a segment and throws where its manifest says anything else than they do, or they have
 * anything else than packets of that call and silence.
 */
export async function checkSegment(
  records: string,
  manifest: Manifest,
  call: number,
): Promise<CheckedSegment> {
  const { R, W } = manifest.tracks;
  const about = `${manifest.uuid}, segment ${manifest.segment}`;
  assert.deepEqual(
    [manifest.version, manifest.caller, manifest.callee],
    [1, String(call), '9000'],
    about,
  );
  assert.equal(R.samples, W.samples, about);
  // Rounded in one way or another, it is the same.
  assertClose(manifest.durationMs, R.samples / 8, 2, about);
  if (manifest.startedAt !== null) {
    const lengthMs = Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt);
    assertClose(manifest.durationMs, lengthMs, LATE_MS, about);
  }
  const isRecovered = manifest.endReason === 'recovered';
  const checked: CheckedSegment = { manifest, found: { R: [], W: [] }, played: [] };
  const heard: Int16Array[] = [];
  for (const leg of LEGS) {
    const track = manifest.tracks[leg];
    for (const file of track.files) {
      const samples = await readChecked(records, file);
      assert.equal(samples.length, track.samples, file.path);
      checked.played.push({ path: join(records, file.path), samples: track.samples });
      checked.found[leg] = packetsIn(samples, call, leg, isRecovered);
      heard.push(samples);
    }
    if (isRecovered) continue;
    assert.equal(track.packets, checked.found[leg].length, about);
    const silent = track.gaps.reduce((sum, [, length]) => sum + length, 0);
    assert.equal(track.samples, track.packets * PACKET_BYTES + silent, about);
  }
  for (const file of manifest.files) {
    const both = await readChecked(records, file);
    for (const [channel, samples] of heard.entries())
      assert.deepEqual(
        both.filter((_, i) => i % 2 === channel),
        samples,
        file.path,
      );
    checked.played.push({ path: join(records, file.path), samples: R.samples });
  }
  return checked;
}

function assertClose(someMs: number, otherMs: number, withinMs: number, about: string): void {
  const apartMs = Math.abs(someMs - otherMs);
  assert.ok(apartMs < withinMs, `${about}: ${someMs} and ${otherMs} ms`);
}

/** The samples of a file that has the size and the checksum that its manifest says. */
async function readChecked(
  records: string,
  { path, sizeBytes, sha256 }: Manifest['files'][number],
): Promise<Int16Array> {
  const bytes = await readFile(join(records, path));
  assert.equal(bytes.length, sizeBytes, path);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, path);
  return parseWav(bytes).samples;
}
